/** `census dashboard`: the pages of a store, on this machine alone. */
import { CensusCommand, type Context } from "../context.ts";
import { portOption, serveUntilInterrupted } from "../serving.ts";
import { databasePath, openForReading, withDatabase } from "../store.ts";

interface Options {
  readonly port: number;
  readonly database?: string;
}

export function dashboardCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "dashboard", "Serve the dashboard on 127.0.0.1", [
    "census dashboard",
    "census dashboard --port 8080 --database spring.sqlite",
  ]);
  return withDatabase(command)
    .addOption(portOption(4870))
    .runs(async ({ port, database }: Options) => {
      const file = databasePath(context, database);
      // Said here rather than on every page.
      await (await openForReading(file)).destroy();
      return serveUntilInterrupted(context, file, port);
    });
}
