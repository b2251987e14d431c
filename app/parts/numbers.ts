/** Numbers, sizes and dates in words. One way to write each, in English, independent of the machine's locale. */

const INTEGER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** `12,345` */
export function integer(value: number): string {
  return INTEGER.format(value);
}

/** `12.3K` */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `3 models`, `1 model`; a plural that is not formed by `s` is given. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${integer(value)} ${value === 1 ? one : many}`;
}

/** `1.24 MB`, in units of 1,000. */
export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, value < 1_000 ? 0 : Math.floor(Math.log10(value) / 3));
  return power === 0 ? counted(value, "byte") : `${(value / 1_000 ** power).toPrecision(3)} ${UNITS[power]}`;
}

/**
 * `62%`, of `whole`; a share that is neither none nor all is never rounded to none or all. A dash where there is
 * nothing to be a share of.
 */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  const share = (100 * part) / whole;
  if (part > 0 && share < 1) return share < 0.1 ? "<0.1%" : `${share.toFixed(1)}%`;
  if (part < whole && share > 99) return share > 99.9 ? ">99.9%" : `${(Math.floor(share * 10) / 10).toFixed(1)}%`;
  return `${Math.round(share)}%`;
}

/** `20 November 2026` of an ISO instant. */
export function day(instant: string): string {
  return DAY.format(new Date(instant));
}

/** `20 November 2026, 19:01 UTC` */
export function minute(instant: string): string {
  return `${day(instant)}, ${MINUTE.format(new Date(instant))} UTC`;
}
