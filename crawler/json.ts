/** JSON from outside: parsed, and checked against what it should be, before anything uses it. */
import type * as z from "zod";
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { HttpFailure } from "./http-failure.ts";

/** The value that `body` is in UTF-8 JSON, if it is of the shape; `unexpected`, with the first thing that is not, otherwise. */
export function readJson<T>(body: Uint8Array, schema: z.ZodType<T>): Result<T, HttpFailure> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return failed({ kind: "unexpected", message: `the answer is not JSON (${body.length} bytes)` });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  return failed({ kind: "unexpected", message: `the answer is not of the expected shape${place}: ${issue?.message ?? ""}` });
}
