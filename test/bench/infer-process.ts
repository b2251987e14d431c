/** Runs `infer-once.ts` in a process of its own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import type { OnceAnswer, OnceRequest } from "./infer-once.ts";

/** What inferring takes. Throws where there is no policy. */
export function inferOnce(request: OnceRequest): OnceAnswer {
  const script = path.join(import.meta.dirname, "infer-once.ts");
  const printed = execFileSync(process.execPath, ["--import", "tsx", script], {
    input: JSON.stringify(request),
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return JSON.parse(printed.toString("utf8"));
}

/** The same in two processes, the second of which finds what the first parsed in a parse cache. Throws where their policies differ. */
export function inferTwice(request: OnceRequest): { readonly cold: OnceAnswer; readonly cached: OnceAnswer } {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-infer-"));
  try {
    const cache = path.join(folder, "parsed.sqlite");
    const cold = inferOnce({ ...request, cache });
    const cached = inferOnce({ ...request, again: 0, cache });
    if (cached.policy !== cold.policy) throw new Error(`${request.class}: from the parse cache the bytes are others`);
    return { cold, cached };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
