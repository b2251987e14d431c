/**
 * The adversary from the command line.   node --import tsx test/oracle/attack.ts COUNT [SEED]
 * Prints every program that gets its callable invoked although the verdict says that it loads.
 */
import { listProgram } from "../../analyzer/pickle/listing.ts";
import { DEBIAN_PYTHON } from "./loader.ts";
import { runAdversary } from "./run-adversary.ts";

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const { missed, ...found } = await runAdversary(DEBIAN_PYTHON, count, seed);
const shortest = missed.toSorted((left, right) => left.length - right.length);
for (const program of shortest.slice(0, 10)) console.log(`--- ${Buffer.from(program).toString("hex")}\n${listProgram(program)}`);
console.log(`seed ${seed}: ${JSON.stringify(found)}; ${missed.length} invoked although the verdict says that they load`);
