/** Runs one benchmark: `npm run bench -- NAME`, where `NAME.ts` lies beside this file and exports `run`. */
import process from "node:process";

const [benchmark] = process.argv.slice(2);
if (benchmark === undefined || !/^[a-z-]+$/.test(benchmark)) {
  console.error("usage: npm run bench -- NAME");
  process.exit(2);
}
const { run } = (await import(`./${benchmark}.ts`)) as { run: () => Promise<void> };
await run();
