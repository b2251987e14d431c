/** Where every worker thread begins. Node 20 ignores `--import` in threads, so each finds out here how to read TypeScript. */
import { importTypeScript } from "../bin/compiled.mjs";
import { keepCode } from "../bin/kept-code.mjs";

/** Runs the default export of the module `worker` on the rest of the task, once it has told that the work begins. */
export default async function start({ worker, begun, port, ...task }) {
  const { default: work } = await importTypeScript(worker);
  begun[0] = 1;
  port.postMessage("begun");
  const answer = await work({ ...task, port });
  keepCode();
  return answer;
}
