/**
 * A PostgreSQL server of the tests' own: Debian's, in a temporary folder, on loopback, as a user who is not root (it
 * refuses to run as one). Gone after the tests.
 */
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

const VERSIONS = "/usr/lib/postgresql";

export interface Postgres {
  /** Of a new, empty database each time. */
  database(): string;
  stop(): void;
}

/** The folder of the newest server's programs; null where none is installed. */
export function postgresPrograms(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).filter((version) => existsSync(`${VERSIONS}/${version}/bin/initdb`)) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : `${VERSIONS}/${newest}/bin`;
}

/** Starts a server from the programs in a folder. */
export async function startPostgres(programs: string): Promise<Postgres> {
  // The folder's path must be short: the server's socket lies in it.
  const folder = mkdtempSync("/tmp/census-pg-");
  const root = process.getuid?.() === 0;
  if (root) {
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"]).toString());
    chownSync(folder, id("-u"), id("-g"));
  }
  const run = (program: string, ...words: string[]) => {
    const command = [path.join(programs, program), ...words];
    const [file, ...rest] = root ? ["runuser", "-u", "postgres", "--", ...command] : command;
    execFileSync(file!, rest, { cwd: "/tmp", stdio: ["ignore", "ignore", "inherit"] });
  };
  const port = await freePort();
  const data = path.join(folder, "data");
  run("initdb", "--pgdata", data, "--username", "census", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync");
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${folder} -c fsync=off -c max_connections=200`;
  run("pg_ctl", "--pgdata", data, "--wait", "--log", path.join(folder, "log"), "--options", options, "start");
  let databases = 0;
  return {
    database() {
      const name = `census_${databases++}`;
      run("createdb", "--host", "127.0.0.1", "--port", String(port), "--username", "census", name);
      return `postgres://census@127.0.0.1:${port}/${name}`;
    },
    stop() {
      run("pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
