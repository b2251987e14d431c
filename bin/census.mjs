#!/usr/bin/env node
/** `census`, installed as a package: TypeScript is run as it is. */
import { register } from "tsx/esm/api";

register();
await import("../scripts/census.ts");
