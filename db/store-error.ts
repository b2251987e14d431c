/** A store that cannot be opened, for a reason that is not ours: who asked for it is told which, in a sentence. */
export class StoreError extends Error {}

/** Codes of SQLite's that say something of the file, its disk or who may use it; any other is a mistake of ours. */
const OUTSIDE = /^SQLITE_(NOTADB|CORRUPT|CANTOPEN|READONLY|PERM|AUTH|IOERR|FULL|BUSY|PROTOCOL)/;
/** Of PostgreSQL: no connection, not let in, no such database, it is shut down, no room (its manual's appendix A); and of the network. */
const OUTSIDE_POSTGRES = /^(08|28|3D|53|57P|E[A-Z]+$)/;

/** What a failure of SQLite's means to who uses a store, at `place`; null where it is a mistake of ours. */
export function sqliteMistake(error: unknown, place: string): string | null {
  const code = codeOf(error);
  if (!OUTSIDE.test(code)) return null;
  if (/NOTADB/.test(code)) return `${place} is no store: it is no SQLite database`;
  if (/CORRUPT/.test(code)) return `${place} is damaged`;
  if (/READONLY/.test(code)) return `${place} may not be written`;
  if (/FULL/.test(code)) return `${place} has no room left on its disk`;
  if (/BUSY|PROTOCOL/.test(code)) return `${place} is in use by another process`;
  return `${place} cannot be opened, read or written: no permission for it or its folder, or a fault of the disk`;
}

/** The same of PostgreSQL's, without the password that an address may hold. */
export function postgresMistake(error: unknown, address: string): string | null {
  if (!OUTSIDE_POSTGRES.test(codeOf(error))) return null;
  const host = URL.canParse(address) ? new URL(address).host : "PostgreSQL";
  return `the store at ${host} cannot be used: ${error instanceof Error && error.message !== "" ? error.message : codeOf(error)}`;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "";
}
