/**
 * What content is, and what is in it: every loader that would make something of it is followed, and the worst of what
 * they come upon is the answer. The file itself and every member of an archive pass through here.
 */
import { LIMITS } from "../limits.ts";
import type { ContainerName } from "./containers.ts";
import { DETECTION_BYTES, detect, hasHdf5Behind, isZip } from "./detect.ts";
import { isNpy } from "./numpy/header.ts";
import { isMessage, ONNX_MODEL, TENSORFLOW_SAVED_MODEL } from "./protobuf.ts";
import { READERS } from "./readers.ts";
import { readSequence } from "./sequence.ts";
import { isTarHeader, listTar, memberContent, type TarMember } from "./tar.ts";
import { readTar } from "./tar-kinds.ts";
import { isText, mayBeJson, readText } from "./text.ts";
import { type Content, failure, type Reading, type Tracing, worse } from "./tracing.ts";
import { findArchives, readArchives, readWithoutDirectory, ZIP_TAIL, type ZipArchive } from "./zip/archive.ts";
import { planEntries } from "./zip/entries.ts";
import { kindByNames } from "./zip/kinds.ts";

/** Content up to this size is fetched whole: one request costs less than looking at its end first. */
const SMALL = 256 * 1024;

const PAST_UNPICKLER: ReadonlySet<ContainerName> = new Set(["torchscript", "torch-tar"]);

/** Reads `content` and everything in it; pickles and findings go to `tracing`. */
export async function readContent(content: Content, tracing: Tracing): Promise<Reading> {
  const { source, entry, depth } = content;
  // An archive may have empty members; a file that is empty is one that somebody failed to write.
  if (source.size === 0) {
    return depth > 0 ? { container: "empty", outcome: "ok" } : broken("empty", "empty", "the file is empty");
  }
  if (depth > LIMITS.nestedContainers.limit) {
    const message = `content nested ${depth} containers deep was not read`;
    return { container: "unknown", outcome: "unfinished", failure: tracing.limit("nestedContainers", entry, 0, message) };
  }
  if (!tracing.countContent()) {
    const message = `there are more than ${LIMITS.contentsPerFile.limit} members; the rest was not read`;
    return { container: "unknown", outcome: "unfinished", failure: tracing.limit("contentsPerFile", entry, 0, message) };
  }
  const archives = await lookForArchives(content, tracing);
  const head = await source.read(0, Math.min(source.size, DETECTION_BYTES));
  const views: Reading[] = [];
  const startsAsZip = isZip(head);
  if (!startsAsZip) {
    const certain = detect(head, source.size);
    const known = certain && (await READERS[certain](content, tracing));
    if (known) views.push(known);
    const pickles = await readSequence(content, known !== null, tracing);
    if (pickles) views.push(pickles);
  }
  const tar = isTarHeader(head) ? await listTar(content, tracing) : null;
  if (tar) views.push(await readTar(content, tar, tracing));
  // The end of a tar may be the end of an archive that is its last member, and is read as one.
  const searched: TarMember[] = [];
  for (const member of tar?.members ?? []) {
    if (archives.some(({ end }) => isWithin(end.offset, member)) && (await isSearched(memberContent(content, member))))
      searched.push(member);
  }
  const own = archives.filter(({ end }) => startsAsZip || !searched.some((member) => isWithin(end.offset, member)));
  if (own.length > 0) views.push(await readArchives(content, own, tracing));
  else if (startsAsZip) views.push(await readWithoutDirectory(content, tracing));
  // Of large content no more is fetched for it than the first bytes.
  const isHdf5 = hasHdf5Behind(source.size <= SMALL ? await source.read(0, source.size) : head);
  if (isHdf5) views.push((await READERS.hdf5(content, tracing))!);
  if (views.length === 0) views.push(await readRest(content, head, tracing));
  // Whoever reads JSON asks for no magic number: a few letters of it may be one.
  else if (isText(head, source.size > head.length) && mayBeJson(head)) views.push(...(await readJsonIn(content, head, tracing)));
  if (views.length > 1) {
    const kinds = views.map((view) => view.container).join(" and ");
    tracing.find({ kind: "polyglot", message: `the content is ${kinds}, depending on who reads it`, entry });
  }
  // What some release of torch loads past its unpickler is told first, whatever else the content is.
  const { container } = views.find((view) => PAST_UNPICKLER.has(view.container)) ?? views[0]!;
  return { ...views.reduce((first, other) => (worse(first.outcome, other.outcome) === first.outcome ? first : other)), container };
}

/**
 * Finds zip archives, and fetches what reading them takes, the first bytes of the content with it: for an archive of
 * any size that is all there is to fetch.
 */
async function lookForArchives(content: Content, tracing: Tracing): Promise<ZipArchive[]> {
  const { source, depth } = content;
  if (source.size <= SMALL) await source.prefetch([{ start: 0, end: source.size }]);
  else if (depth === 0) await source.prefetch([{ start: source.size - ZIP_TAIL, end: source.size }]);
  else if (!(await isSearched(content))) return [];
  const archives = await findArchives(source);
  const [directory] = archives[0]?.directories ?? [];
  if (!directory) return archives;
  tracing.recognise(content, kindByNames(new Set(directory.entries.map((entry) => entry.name))) ?? "zip");
  await source.prefetch([{ start: 0, end: DETECTION_BYTES }, ...planEntries(directory)]);
  return archives;
}

/** Whether an archive is looked for at the end of a member: whoever opens a large one goes by its first bytes. */
async function isSearched({ source }: Content): Promise<boolean> {
  if (source.size <= SMALL) return true;
  const head = await source.read(0, DETECTION_BYTES);
  return isZip(head) || (!isNpy(head) && detect(head, source.size) === null);
}

function isWithin(offset: number, member: TarMember): boolean {
  return member.start <= offset && offset < member.start + member.size;
}

/** What is JSON as well as something else. */
async function readJsonIn(content: Content, head: Uint8Array, tracing: Tracing): Promise<Reading[]> {
  const reading = await readText(content, head, tracing);
  return reading.container === "json" ? [reading] : [];
}

/** What has no magic number and is no pickle. */
async function readRest(content: Content, head: Uint8Array, tracing: Tracing): Promise<Reading> {
  const { source } = content;
  if (isText(head, source.size > head.length)) return readText(content, head, tracing);
  if (await isMessage(source, ONNX_MODEL)) return { container: "onnx", outcome: "ok" };
  if (await isMessage(source, TENSORFLOW_SAVED_MODEL)) {
    tracing.find({ kind: "code", message: "a TensorFlow graph may call Python or read and write files", entry: content.entry });
    return { container: "tensorflow", outcome: "ok" };
  }
  const message = "the content is of no kind that is known here";
  tracing.find({ kind: "unknown-content", message, entry: content.entry, offset: 0 });
  return { container: "unknown", outcome: "unsupported", failure: failure("unknown-content", message, 0) };
}

function broken(container: ContainerName, kind: string, message: string): Reading {
  return { container, outcome: "malformed", failure: failure(kind, message, 0) };
}
