/** Runs `infer-once.ts` in a process of its own. */
import { execFileSync } from "node:child_process";
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
