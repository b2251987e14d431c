/** Serving the dashboard until the user has seen enough: what `dashboard` and `demo` share. */
import { Option } from "commander";
import { type Context, UsageError } from "./context.ts";
import type { Ending } from "./exit-codes.ts";
import { buildDashboard, type Dashboard, serveDashboard } from "./serve-dashboard.ts";

/** Never another address: what is served is for whoever sits at this machine. */
const HOST = "127.0.0.1";

/** The option that says where; a port of 0 is any that is free. */
export function portOption(fallback: number): Option {
  return new Option("--port <P>", `the port on ${HOST}; 0 for any that is free`)
    .default(fallback)
    .argParser((given) => (/^\d{1,5}$/.test(given) && Number(given) < 65_536 ? Number(given) : fail(given)));
}

function fail(given: string): never {
  throw new UsageError(`--port: ${given} is no port`);
}

/** Builds the dashboard where need be, serves a store, prints the address, and ends when interrupted. */
export async function serveUntilInterrupted({ effects }: Context, database: string, port: number): Promise<Ending> {
  await buildDashboard(effects.report);
  const dashboard = await serve(database, port);
  await effects.print(`Dashboard: ${dashboard.url}\n`);
  effects.report("Ctrl-C ends it.\n");
  if (!effects.signal.aborted) await new Promise((resolve) => effects.signal.addEventListener("abort", resolve, { once: true }));
  await dashboard.close();
  return "interrupted";
}

async function serve(database: string, port: number): Promise<Dashboard> {
  try {
    return await serveDashboard({ database, port, host: HOST });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw new UsageError(`port ${port} is taken: name another by --port`);
    throw error;
  }
}
