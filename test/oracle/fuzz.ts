/**
 * The differential fuzzer from the command line.   node --import tsx test/oracle/fuzz.ts COUNT [SEED] [PYTHON]
 * Prints every disagreement as a listing that can be turned into a test.
 */
import { listProgram } from "../../analyzer/pickle/listing.ts";
import { fuzz } from "./run-fuzzer.ts";

const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const result = await fuzz(count, seed, process.argv[4]);
for (const { program, unpickler, message } of result.disagreements.slice(0, 20)) {
  console.log(`--- ${unpickler}: ${message}\n${Buffer.from(program).toString("hex")}\n${listProgram(program)}`);
}
console.log(`seed ${seed}: ${result.programs} programs, ${result.loaded} load in C, ${result.disagreements.length} disagreements`);
