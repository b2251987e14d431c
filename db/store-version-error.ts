import { StoreError } from "./store-error.ts";

/** A store of another version than this census reads. Who only reads changes nothing about it, and is told what would. */
export class StoreVersionError extends StoreError {}
