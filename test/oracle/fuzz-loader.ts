/**
 * The loader's differential fuzzer from the command line.   node --import tsx test/oracle/fuzz-loader.ts COUNT [SEED]
 * Prints every disagreement as a listing that can be turned into a test.
 */
import { listProgram } from "../../analyzer/pickle/listing.ts";
import { DEBIAN_PYTHON } from "./loader.ts";
import { fuzzLoader } from "./run-loader-fuzzer.ts";

const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const { programs, agreed, stricter, disagreements } = await fuzzLoader(DEBIAN_PYTHON, count, seed);
for (const { program, policy, mode, message } of disagreements.slice(0, 20)) {
  console.log(`--- ${policy.name} ${mode}: ${message}\n${Buffer.from(program).toString("hex")}\n${listProgram(program)}`);
}
console.log(
  `seed ${seed}: ${programs} programs; both load ${agreed.loads}, both block ${agreed.blocked}, CPython fails ${agreed.fails};`,
  `the loader alone refuses ${JSON.stringify(Object.fromEntries(stricter))}; ${disagreements.length} disagreements`,
);
