/** Runs a TypeScript program of this checkout: `node bin/run.mjs FILE ARGUMENT...`. */
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { importTypeScript } from "./compiled.mjs";

process.argv.splice(1, 1);
await importTypeScript(pathToFileURL(path.resolve(process.argv[1])).href);
