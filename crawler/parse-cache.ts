/**
 * What was parsed of Python source, kept on a disk between runs: one SQLite file that any number of processes share. It is
 * only ever a shortcut: where it cannot be read or written, or is damaged, files are parsed as if there was none.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { crc32 } from "node:zlib";
import BetterSqlite3 from "better-sqlite3";
import type { KeptUnits } from "../analyzer/python/kept-unit.ts";
import type { SourceFile } from "../analyzer/python/lower-module.ts";
import { FolderAnswers } from "./folder-answers.ts";
import { sha256 } from "./python-file.ts";
import { pythonGrammarFiles } from "./python-grammar.ts";

/** The largest that the file grows, in bytes; what was used least lately goes first. A library of flair's size with its dependencies takes 13 MB. */
const LARGEST = 512 << 20;
/** Of text that is not compressed: it takes half as long to read, and nothing is copied on the way. */
const TABLE =
  "create table if not exists parsed (key blob primary key, used integer not null, checksum integer not null, kept text not null)";
/** What was put is written when it is so many characters: all of what was read of site-packages takes more memory than is left by then. */
const PIECE = 8 << 20;
/**
 * What was answered about a folder is not kept where it is longer. torch has 5 MB; all that Debian installs for Python had 238,
 * which would push out half of what is kept, and take memory where there is none.
 */
const LONGEST_ANSWERS = 64 << 20;
/** Milliseconds to wait for another process that writes. */
const PATIENCE = 1000;

/**
 * Where the cache is, as the environment has it: `CENSUS_PARSE_CACHE` (a file, or `off`), else in the user's folder of caches
 * (XDG Base Directory Specification). Null where there is to be none.
 */
export function parseCacheFile({ CENSUS_PARSE_CACHE: file, XDG_CACHE_HOME: folder, HOME: home }: Environment): string | null {
  if (file) return file === "off" ? null : path.resolve(file);
  if (folder) return path.join(folder, "picklecensus", "parsed.sqlite");
  return home ? path.join(home, ".cache", "picklecensus", "parsed.sqlite") : null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An open cache. */
export interface ParseCache extends KeptUnits {
  /** What was answered about the files below a folder. */
  answersBelow(folder: string): FolderAnswers;
  /** Writes what was put, and closes it. */
  close(): void;
}

/**
 * Opens the cache in a file, which is made where there is none and made anew where it is damaged. Null where that cannot be,
 * and where somebody else may write the file: who writes it decides what is read of source.
 */
export function openParseCache(file: string, largest = LARGEST, now = Date.now): ParseCache | null {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    if (!isOwn(path.dirname(file)) || !isOwn(file)) return null;
    return new SqliteParseCache(openFile(file), largest, now);
  } catch {
    return null;
  }
}

/** Whether nobody but the user may write a file or folder, or it is not there yet. */
function isOwn(place: string): boolean {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined || process.getuid === undefined) return true;
  return found.uid === process.getuid() && (found.mode & 0o022) === 0;
}

function openFile(file: string): BetterSqlite3.Database {
  try {
    return openTable(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    return openTable(file);
  }
}

function openTable(file: string): BetterSqlite3.Database {
  const database = new BetterSqlite3(file, { timeout: PATIENCE });
  try {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.exec(TABLE);
    // It is of an earlier version, or a byte of the schema changed and gave a column another name, which SQLite does not call damage.
    if (!hasColumns(database)) database.exec(`drop table parsed; ${TABLE}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function hasColumns(database: BetterSqlite3.Database): boolean {
  const columns = database.pragma("table_info(parsed)") as { name: string }[];
  return ["key", "used", "checksum", "kept"].every((column) => columns.some(({ name }) => name === column));
}

function isDamage(error: unknown): boolean {
  return error instanceof BetterSqlite3.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

class SqliteParseCache implements ParseCache {
  private readonly version = versionOfParser();
  private readonly today: number;
  private readonly select: BetterSqlite3.Statement<[Buffer], { used: number; checksum: number; kept: string }>;
  private used: Buffer[] = [];
  private added: { readonly key: Buffer; readonly kept: string }[] = [];
  private addedLength = 0;
  private isWritable = true;
  private readonly folders = new Map<string, FolderAnswers>();

  constructor(
    private readonly database: BetterSqlite3.Database,
    private readonly largest: number,
    private readonly now: () => number,
  ) {
    this.today = Math.floor(now() / 86_400_000);
    this.select = database.prepare("select used, checksum, kept from parsed where key = ?");
  }

  get(file: SourceFile): string | null {
    return this.read(this.keyOf(file));
  }

  private read(key: Buffer): string | null {
    try {
      const found = this.select.get(key);
      if (found === undefined) return null;
      if (found.used !== this.today) this.used.push(key);
      // What is damaged has another checksum.
      return crc32(found.kept) === found.checksum ? found.kept : null;
    } catch {
      return null;
    }
  }

  answersBelow(folder: string): FolderAnswers {
    const place = path.resolve(folder);
    const known = this.folders.get(place);
    if (known) return known;
    const answers = answersIn(place, this.read(this.keyOfFolder(place)), this.now);
    this.folders.set(place, answers);
    return answers;
  }

  put(file: SourceFile, kept: string): void {
    // What was read is of the text. A file may have changed since it was asked for its sha256.
    if (file.sha256 === undefined || file.sha256 === sha256(file.text)) this.add(this.keyOf(file), kept);
  }

  close(): void {
    for (const [place, answers] of this.folders) {
      const kept = answers.isNew ? answers.write(LONGEST_ANSWERS) : null;
      if (kept !== null) this.add(this.keyOfFolder(place), kept);
    }
    this.write();
    this.database.close();
  }

  private add(key: Buffer, kept: string): void {
    if (!this.isWritable) return;
    this.added.push({ key, kept });
    this.addedLength += kept.length;
    if (this.addedLength >= PIECE) this.write();
  }

  /** Writes what was put since it was last written; where that fails, nothing more is tried: the next run parses again. */
  private write(): void {
    const { added, used } = this;
    this.added = [];
    this.used = [];
    this.addedLength = 0;
    if (!this.isWritable || added.length + used.length === 0) return;
    try {
      this.database.transaction(() => this.writeAll(added, used)).immediate();
    } catch {
      // Full, read-only, or in use for too long.
      this.isWritable = false;
    }
  }

  private writeAll(added: typeof this.added, used: typeof this.used): void {
    const { database, today } = this;
    const add = database.prepare("insert or replace into parsed (key, used, checksum, kept) values (?, ?, ?, ?)");
    for (const { key, kept } of added) add.run(key, today, crc32(kept), kept);
    const use = database.prepare("update parsed set used = ? where key = ?");
    for (const key of used) use.run(today, key);
    const size = database.prepare<[], number>("select coalesce(sum(octet_length(kept)), 0) from parsed").pluck();
    const least = database.prepare(
      "delete from parsed where key in (select key from parsed order by used, rowid limit max(1, (select count(*) / 4 from parsed)))",
    );
    while (size.get()! > this.largest) least.run();
  }

  private keyOf(file: SourceFile): Buffer {
    return this.hash(["file", file.module, file.path, file.isPackage, file.sha256 ?? sha256(file.text)]);
  }

  private keyOfFolder(place: string): Buffer {
    return this.hash(["folder", place]);
  }

  private hash(of: readonly (string | boolean)[]): Buffer {
    return createHash("sha256")
      .update(JSON.stringify([this.version, ...of]))
      .digest();
  }
}

function answersIn(folder: string, written: string | null, now: () => number): FolderAnswers {
  try {
    return new FolderAnswers(folder, written, now);
  } catch {
    return new FolderAnswers(folder, null, now);
  }
}

/** What a kept text depends on beside the file: this program's parser, and the grammar. */
function versionOfParser(): string {
  const folder = path.join(import.meta.dirname, "..", "analyzer", "python");
  const own = readdirSync(folder)
    .sort()
    .map((file) => path.join(folder, file))
    .concat(["folder-answers.ts", "python-file.ts"].map((file) => path.join(import.meta.dirname, file)));
  const hash = createHash("sha256");
  for (const file of [...own, ...Object.values(pythonGrammarFiles())]) hash.update(readFileSync(file)).update("\n");
  return hash.digest("hex");
}
