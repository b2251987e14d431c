/** Starts the loopback Hub with the samples, for a person to try: `node --import tsx test/hub/serve.ts [port]`. Ctrl-C ends it. */
import { startHub } from "./hub.ts";
import { samples } from "./samples.ts";

const { repositories, distributions } = await samples();
const hub = await startHub({ repositories, distributions, port: Number(process.argv[2] ?? 0) });
console.log(`Hub            ${hub.url}/api/models (${repositories.length} models)`);
console.log(`File host      ${hub.fileHost}`);
console.log(`Package index  ${hub.indexUrl}/ (${distributions.length} distributions)`);
