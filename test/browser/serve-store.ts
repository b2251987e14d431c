/** Serves the dashboard on one store: a process of its own for each store, because a process reads one. Prints the address. */
import { serveDashboard } from "../../scripts/serve-dashboard.ts";

async function serve(database: string): Promise<void> {
  const dashboard = await serveDashboard({ database, port: 0, host: "127.0.0.1" });
  process.send?.(dashboard.url);
  process.once("disconnect", () => void dashboard.close().then(() => process.exit()));
}

void serve(process.argv[2]!);
