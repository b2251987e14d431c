/** Values as Python's `repr` writes them: what `pickletools` prints, and what decompiled programs are made of. */

/** Not printable, by `str.isprintable`: control, format, surrogate, private and unassigned characters, separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;

/** `repr` of a str; lone surrogates are allowed in it. */
export function reprString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  // The usual string has nothing to escape.
  if (/^[ -~]*$/.test(text) && !text.includes("\\") && !text.includes(quote)) return quote + text + quote;
  let repr = quote;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (character === quote || character === "\\") repr += `\\${character}`;
    else if (point >= 0x20 && point < 0x7f) repr += character;
    else repr += escapeOf(character, point);
  }
  return repr + quote;
}

function escapeOf(character: string, point: number): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  if (point >= 0x80 && !UNPRINTABLE.test(character)) return character;
  if (point < 0x100) return `\\x${hex(point, 2)}`;
  return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`;
}

/** `repr` of bytes. */
export function reprBytes(bytes: Uint8Array): string {
  const quote = quoteOf(bytes);
  return `b${quote}${bytesContent(bytes, quote)}${quote}`;
}

/** `repr` of a bytearray, which escapes single quotes whatever quotes it stands in (`bytearray_repr`). */
export function reprBytearray(bytes: Uint8Array): string {
  const quote = quoteOf(bytes);
  return `bytearray(b${quote}${bytesContent(bytes, "'")}${quote})`;
}

function quoteOf(bytes: Uint8Array): "'" | '"' {
  return bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
}

/** Bytes that are written at once. */
const CHUNK = 16_384;

/** Constants have tens of megabytes: as bytes that become one string, not as a string for each. */
function bytesContent(bytes: Uint8Array, escaped: "'" | '"'): string {
  const quote = escaped.charCodeAt(0);
  const parts: string[] = [];
  const written = Buffer.allocUnsafe(4 * Math.min(bytes.length, CHUNK));
  for (let start = 0; start < bytes.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, bytes.length);
    let length = 0;
    for (let index = start; index < end; index++) {
      const byte = bytes[index]!;
      if (byte === quote || byte === BACKSLASH) {
        written[length++] = BACKSLASH;
        written[length++] = byte;
      } else if (byte >= 0x20 && byte < 0x7f) written[length++] = byte;
      else for (const code of ESCAPES[byte]!) written[length++] = code;
    }
    parts.push(written.toString("latin1", 0, length));
  }
  return parts.join("");
}

const BACKSLASH = 0x5c;

/** How bytes are escaped that are not printed as they are. */
const ESCAPES: readonly Uint8Array[] = Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte === 0x0a ? "\\n" : byte === 0x0d ? "\\r" : byte === 0x09 ? "\\t" : `\\x${hex(byte, 2)}`, "latin1"),
);

/** `repr` of a float: the shortest digits that read back as it, with an exponent below 1e-4 and from 1e16 on. */
export function reprFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  if (power >= 0) return Number.isInteger(value) ? `${BigInt(value)}.0` : String(value);
  const sign = value < 0 ? "-" : "";
  return `${sign}0.${"0".repeat(-power - 1)}${mantissa.replace(/[-.]/g, "")}`;
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, "0");
}
