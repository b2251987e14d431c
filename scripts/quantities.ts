/** Numbers for people: bytes, durations, and counts with their noun. */

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in decimal units, three digits: `1.23 MB`. */
export function bytes(count: number): string {
  const power = count < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return power === 0 ? plural(count, "byte") : `${value.toPrecision(3)} ${UNITS[power]}`;
}

/** A whole number with its thousands apart: `12,345`. By hand, since the first `toLocaleString` takes as long as V8 to start. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A number of things: `1 model`, `12,345 models`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Seconds as `45 s`, `12 min`, `3 h 20 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a survey cost, beside what its files hold: the listing and libraries' source are received as well, so that it can be more. */
export function received({ requests, bytesRead, bytesHeld }: { requests: number; bytesRead: number; bytesHeld: number }): string {
  return `${plural(requests, "request")}, ${bytes(bytesRead)} received with listing and source, for files of ${bytes(bytesHeld)}`;
}
