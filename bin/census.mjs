#!/usr/bin/env node
/** `census`: the command line, installed as a package or from a clone. */
import { importTypeScript } from "./compiled.mjs";

await importTypeScript(new URL("../scripts/census.ts", import.meta.url).href);
