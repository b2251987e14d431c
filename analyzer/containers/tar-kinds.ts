/** What kind of archive a tar is, and its members looked into. */
import type { ContainerName } from "./containers.ts";
import { memberContent, type TarArchive } from "./tar.ts";
import { isTorchTar, readTorchTar } from "./torch-tar.ts";
import { type Content, failure, type Reading, readingOf, type Tracing } from "./tracing.ts";
import { codeFinding } from "./zip/kinds.ts";

/** Reads every member of the tar in `content`. */
export async function readTar(content: Content, archive: TarArchive, tracing: Tracing): Promise<Reading> {
  const links = archive.links.map(plainName);
  const names = new Set([...archive.members.map(({ name }) => plainName(name)), ...links]);
  tracing.recognise(content, kindOf(names));
  const readings: Reading[] = [];
  if (isTorchTar(names) && !isTorchTar(new Set(Array.from(names).filter((name) => !links.includes(name))))) {
    // What torch reads under such a name has raw data between its pickles, and was read under another name here.
    const message = "torch's members are links to others, which are not followed here";
    tracing.find({ kind: "tar-links", message, entry: content.entry, offset: 0 });
    readings.push({ container: "torch-tar", outcome: "unsupported", failure: failure("tar-links", message, 0) });
  }
  for (const member of archive.members) {
    const inner = memberContent(content, member);
    readings.push(isTorchTar(names) ? await readTorchTar(inner, member.name, tracing) : await tracing.read(inner, tracing));
  }
  const code = codeFinding(kindOf(names), archive.members, content.entry);
  if (code) tracing.find(code);
  return readingOf(kindOf(names), [archive, ...readings]);
}

function plainName(name: string): string {
  return name.replace(/^\.\//, "");
}

function kindOf(names: ReadonlySet<string>): ContainerName {
  if (isTorchTar(names)) return "torch-tar";
  if (names.has("MAR-INF/MANIFEST.json")) return "mar";
  return names.has("model_config.yaml") ? "nemo" : "tar";
}
