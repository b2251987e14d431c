#!/usr/bin/env node
/** `census`: the command line, installed as a package or from a clone. */
import { existsSync } from "node:fs";
import process from "node:process";
import { importTypeScript } from "./compiled.mjs";

/** What its code is kept by: each command uses its own, and its help next to none of that. */
function commandOf([word, ...others]) {
  const isCommand = /^[a-z-]+$/.test(word) && existsSync(new URL(`../scripts/commands/${word}.ts`, import.meta.url));
  return isCommand && !others.includes("--help") ? word : undefined;
}

await importTypeScript(new URL("../scripts/census.ts", import.meta.url).href, commandOf(process.argv.slice(2)));
