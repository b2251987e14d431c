/** `npm start`: sets up what is missing, then runs the demonstration: a survey of a Hub on this machine, and the dashboard. */
import { ROOT, run, setUp } from "./set-up.mjs";

setUp();
process.chdir(ROOT);
run(process.execPath, ["bin/census.mjs", "demo", ...process.argv.slice(2)]);
