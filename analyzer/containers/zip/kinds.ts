/** What kind of archive a zip is, by the entries that its loaders look for. */
import type { ContainerName } from "../containers.ts";
import type { Finding, Loader, PickleTrace } from "../trace.ts";
import type { Reading } from "../tracing.ts";

/** The kind that the names of the entries tell before anything is read; null where only content can tell. */
export function kindByNames(names: ReadonlySet<string>): ContainerName | null {
  // torch's reader looks names up without regard to case.
  const lower = new Set(Array.from(names, (name) => name.toLowerCase()));
  const pickles = Array.from(lower).filter((name) => /(^|\/)data\.pkl$/.test(name));
  // torch.serialization._is_torchscript_zip asks for the same, in the folder that the first entry lies in.
  if (pickles.some((name) => lower.has(name.replace(/data\.pkl$/, "constants.pkl")))) return "torchscript";
  if (pickles.length > 0) return "torch-zip";
  if (names.has("MAR-INF/MANIFEST.json")) return "mar";
  if (names.has("schema.json")) return "skops";
  if (names.has("_stable_baselines3_version")) return "stable-baselines";
  return null;
}

/** Who unpickles an entry of an archive of this kind. */
export function loaderOf(name: string, kind: ContainerName | null, archive: Loader): Loader {
  if (kind === "torchscript") return "torchscript";
  return kind === "torch-zip" && /(^|\/)data\.pkl$/i.test(name) ? "torch" : archive;
}

/** The kind that remains to be told by what the entries turned out to be. */
export function kindByContent(readings: readonly Reading[], pickles: readonly PickleTrace[]): ContainerName {
  // Before version 3 nothing but the pickles in its JSON marks an archive as Stable Baselines'.
  if (pickles.some((pickle) => /(^|!\/)data!\/[^/]+$/.test(pickle.entry ?? ""))) return "stable-baselines";
  return readings.length > 0 && readings.every((reading) => reading.container === "npy") ? "npz" : "zip";
}

/** Modules of Python's, as source, compiled or native; torch looks for its own without regard to case. */
const CODE = /\.(?:py[cdw]?|so)$/i;

/** How many names a finding lists. */
const NAMED = 10;

/** That an archive brings code of its own, which no policy on pickles says anything about. */
export function codeFinding(kind: ContainerName, entries: readonly { readonly name: string }[], entry: string | null): Finding | null {
  const code = entries.map(({ name }) => name).filter((name) => CODE.test(name));
  if (code.length === 0)
    return isKeras(entries) ? { kind: "code", message: "a Keras model may bring Lambda layers, whose code Keras runs", entry } : null;
  const language = kind === "torchscript" ? "TorchScript" : "Python";
  const names = code.slice(0, NAMED).join(", ") + (code.length > NAMED ? ` and ${code.length - NAMED} more` : "");
  return { kind: "code", message: `${code.length} ${code.length === 1 ? "file" : "files"} of ${language} code: ${names}`, entry };
}

/** Whether an archive is Keras 3's: a configuration, and weights in HDF5 or in numpy's arrays. */
function isKeras(entries: readonly { readonly name: string }[]): boolean {
  return entries.some(({ name }) => name === "config.json") && entries.some(({ name }) => name.startsWith("model.weights."));
}
