/** Text and JSON: no loader finds a pickle in them, but for what an archive's own format puts there (see zip/stable-baselines.ts). */
import type { ByteSource } from "../bytes/byte-source.ts";
import type { ContainerName } from "./containers.ts";

/** JSON up to this size is parsed; longer, how it begins has to do. */
const PARSED_BYTES = 16 * 2 ** 20;

/** Whether `head` is UTF-8 without control characters; `cut` where it may end inside a character. */
export function isText(head: Uint8Array, cut: boolean): boolean {
  for (const byte of head)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: cut });
    return true;
  } catch {
    return false;
  }
}

/** Which text it is: JSON that parses, or any other. */
export async function textKind(source: ByteSource, head: Uint8Array): Promise<ContainerName> {
  const first = head.find((byte) => byte > 0x20);
  if (first !== 0x7b && first !== 0x5b) return "text";
  if (source.size > PARSED_BYTES) return "json";
  try {
    JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
    return "json";
  } catch {
    return "text";
  }
}
