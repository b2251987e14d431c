/** Peak memory of one run in a process of its own, in bytes (Linux).   node --import tsx pickle-memory.ts FILE */
import { readFileSync } from "node:fs";
import process from "node:process";
import { runPickle } from "../../analyzer/pickle/execution.ts";

runPickle(readFileSync(process.argv[2]!));
// Not `process.resourceUsage()`: its maximum begins with that of the process that started this one.
console.log(Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024);
