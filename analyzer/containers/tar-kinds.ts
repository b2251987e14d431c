/** What kind of archive a tar is, and its members looked into. */
import type { ContainerName } from "./containers.ts";
import { memberContent, type TarArchive } from "./tar.ts";
import { isTorchTar, readTorchTar } from "./torch-tar.ts";
import { type Content, type Reading, readingOf, type Tracing } from "./tracing.ts";

/** Reads every member of the tar in `content`. */
export async function readTar(content: Content, archive: TarArchive, tracing: Tracing): Promise<Reading> {
  const names = new Set(archive.members.map((member) => member.name.replace(/^\.\//, "")));
  tracing.recognise(content, kindOf(names));
  const readings: Reading[] = [];
  for (const member of archive.members) {
    const inner = memberContent(content, member);
    readings.push(isTorchTar(names) ? await readTorchTar(inner, member.name, tracing) : await tracing.read(inner, tracing));
  }
  return readingOf(kindOf(names), [archive, ...readings]);
}

function kindOf(names: ReadonlySet<string>): ContainerName {
  if (isTorchTar(names)) return "torch-tar";
  if (names.has("MAR-INF/MANIFEST.json")) return "mar";
  return names.has("model_config.yaml") ? "nemo" : "tar";
}
