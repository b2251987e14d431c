/**
 * Files of any size in each format, most of which are zeros that are never held: what it costs to read them can be
 * measured without having them. The pickles in them are real.
 */
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { fields } from "../analyzer/containers/build-zip.ts";
import { checkpoint } from "../hub/checkpoint.ts";
import { type Content, heldContent } from "../hub/content.ts";
import { inOrder, type Part, repeated, storedZip, tarOf } from "./virtual-content.ts";
import { COMPRESSED_FILES } from "./virtual-streams.ts";

/** Builds a file of a format, of about `size` bytes. */
export type VirtualFile = (size: number) => Content | Promise<Content>;

const TENSORS = 400;

const torchZip = (size: number): Content => checkpoint("bench", TENSORS, Math.floor(size / TENSORS / 4));
const magic =
  (bytes: string): VirtualFile =>
  (size) =>
    inOrder(bytes, [latin1(bytes), size - bytes.length]);

/** Formats of which there is something to skip, by the name of their container: its pickles are found without the rest. */
const SKIPPING_FILES: Readonly<Record<string, VirtualFile>> = {
  "torch-zip": torchZip,
  torchscript: scripted,
  "torch-legacy": legacyCheckpoint,
  "torch-tar": torchTar,
  nemo: (size) => tarOf({ "model_config.yaml": heldContent("target: nemo\n"), "model_weights.ckpt": torchZip(size) }),
  mar: (size) => storedZip({ "MAR-INF/MANIFEST.json": [latin1("{}")], "model.pt": [torchZip(size)], "handler.py": [latin1("pass\n")] }),
  "stable-baselines": (size) =>
    storedZip({ data: [latin1("{}")], "policy.pth": [torchZip(size)], _stable_baselines3_version: [latin1("2.0.0")] }),
  skops: (size) => storedZip({ "schema.json": [latin1("{}")], "1.npy": npyParts("<f4", Math.floor(size / 4)) }),
  pickle: (size) => inOrder("pickle", pickleOfArrays(size)),
  joblib: joblibFile,
  npy: (size) => inOrder("npy", npyParts("<f4", Math.floor(size / 4))),
  npz: (size) =>
    storedZip(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`arr_${index}.npy`, npyParts("<f4", Math.floor(size / 40))]))),
  zip: (size) => storedZip({ "model.pkl": pickleOfArrays(size), "notes.txt": [latin1("words\n")] }),
  tar: (size) => tarOf({ "model.pkl": inOrder("pickle", pickleOfArrays(size)), "notes.txt": latin1("words\n") }),
  "7z": sevenZipCopy,
  safetensors: (size) => {
    const header = latin1(JSON.stringify({ weight: { dtype: "U8", shape: [size], data_offsets: [0, size] } }));
    return inOrder("safetensors", [fields([header.length, 8]), header, size]);
  },
  gguf: magic("GGUF\x03\0\0\0"),
  hdf5: magic("\x89HDF\r\n\x1a\n"),
  onnx: (size) => inOrder("onnx", [latin1("\x08\x07\x3a"), varint(size), size]),
  tensorflow: (size) => inOrder("tensorflow", [latin1("\x08\x01\x12"), varint(size), size]),
  tflite: magic("\x1c\0\0\0TFL3"),
  parquet: magic("PAR1"),
  sqlite: magic("SQLite format 3\0"),
  image: magic("\x89PNG\r\n\x1a\n"),
  text: (size) => repeated(latin1("word after word\n"), size / 16),
};

/** Every format that is measured. */
export const VIRTUAL_FILES: Readonly<Record<string, VirtualFile>> = {
  ...SKIPPING_FILES,
  "pickle of text": (size) =>
    inOrder("text", [
      latin1("\x80\x04]("),
      repeated(Buffer.concat([latin1("X"), fields([100, 4]), Buffer.alloc(100, "x")]), Math.floor(size / 105)),
      latin1("e."),
    ]),
  json: (size) => inOrder("json", [latin1("["), repeated(latin1("12345678,"), Math.floor(size / 9)), latin1("0]")]),
  ...COMPRESSED_FILES,
};

/** Formats that are read from their beginning, up to a limit: their programs, or what is packed, are the file. */
export const WHOLE_FORMATS: ReadonlySet<string> = new Set(Object.keys(VIRTUAL_FILES).filter((format) => !(format in SKIPPING_FILES)));

function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push((left % 128) | (left >= 128 ? 0x80 : 0));
    if (left < 128) return Uint8Array.from(bytes);
  }
}

/** A list of forty constants, as numpy writes arrays into a plain pickle. */
function pickleOfArrays(size: number): Part[] {
  const length = Math.floor(size / 40);
  const constants = Array.from({ length: 40 }, (): Part[] => [latin1("\x8e"), fields([length, 8]), length, latin1("a")]).flat();
  return [latin1("\x80\x04]"), ...constants, latin1(".")];
}

/** TorchScript as `torch.jit.save` lays it out: pickles, code and storages. */
function scripted(size: number): Promise<Content> {
  const empty = assembled("PROTO 2\nEMPTY_TUPLE\nSTOP");
  const length = Math.floor(size / TENSORS);
  const ids = Array.from({ length: TENSORS }, (_, index) => storageId(String(index), Math.floor(length / 4)));
  return storedZip({
    "m/data.pkl": [assembled(`PROTO 2\nEMPTY_LIST\nMARK${ids.join("")}\nAPPENDS\nSTOP`)],
    "m/code/__torch__.py": [latin1("class Module(Module):\n  pass\n")],
    ...Object.fromEntries(ids.map((_, index) => [`m/data/${index}`, [4 * Math.floor(length / 4)]])),
    "m/constants.pkl": [empty],
    "m/version": [latin1("3\n")],
  });
}

/** torch 0.1.1's tar: one storage with its raw items, one tensor of it, and the object. */
function torchTar(size: number): Content {
  const items = Math.floor(size / 4);
  const storages = [
    assembled("PROTO 2\nBININT1 1\nSTOP"),
    assembled('PROTO 2\nBININT1 11\nBINUNICODE "cpu"\nGLOBAL "torch FloatStorage"\nTUPLE3\nSTOP'),
    fields([items, 8]),
    4 * items,
    assembled("PROTO 2\nEMPTY_LIST\nSTOP"),
  ];
  const tensors = [
    assembled("PROTO 2\nBININT1 1\nSTOP"),
    assembled('PROTO 2\nBININT1 21\nBININT1 11\nGLOBAL "torch FloatTensor"\nTUPLE3\nSTOP'),
    fields([1, 4], [0, 4], [items, 8], [1, 8], [0, 8]),
  ];
  return tarOf({
    storages: inOrder("storages", storages),
    tensors: inOrder("tensors", tensors),
    pickle: assembled('PROTO 2\nBINUNICODE "21"\nSTOP'),
  });
}

/** A 7z archive of one file that is only copied (7zFormat.txt). */
function sevenZipCopy(size: number): Content {
  const body = inOrder("pickle", pickleOfArrays(size));
  const number = (value: number) => [0xff, ...fields([value, 8])];
  const packed = [6, 0, 1, 9, ...number(body.size), 0];
  const folder = [7, 11, 1, 0, 1, 1, 0, 12, ...number(body.size), 0];
  const files = [5, 1, 17, 5, 0, 0x61, 0, 0, 0, 0];
  const header = Uint8Array.from([1, 4, ...packed, ...folder, 0, ...files, 0]);
  return inOrder("7z", [latin1("7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0"), fields([body.size, 8], [header.length, 8], [0, 4]), body, header]);
}

/** The persistent id of a storage, as torch writes it. */
function storageId(key: string, elements: number): string {
  return `
    MARK
    BINUNICODE "storage"
    GLOBAL "torch FloatStorage"
    BINUNICODE "${key}"
    BINUNICODE "cpu"
    BININT ${elements}
    TUPLE
    BINPERSID`;
}

function legacyCheckpoint(size: number): Content {
  const elements = Math.floor(size / TENSORS / 4);
  const keys = Array.from({ length: TENSORS }, (_, index) => String(index));
  const tensor = (key: string): string => `
    BINUNICODE "layer.${key}.weight"
    GLOBAL "torch._utils _rebuild_tensor_v2"
    MARK
    MARK
    BINUNICODE "storage"
    GLOBAL "torch FloatStorage"
    BINUNICODE "${key}"
    BINUNICODE "cpu"
    BININT ${elements}
    NONE
    TUPLE
    BINPERSID
    BININT1 0
    BININT ${elements}
    TUPLE1
    BININT1 1
    TUPLE1
    NEWFALSE
    GLOBAL "collections OrderedDict"
    EMPTY_TUPLE
    REDUCE
    TUPLE
    REDUCE`;
  const programs = [
    "PROTO 2\nLONG1 119547037146038801333356\nSTOP",
    "PROTO 2\nBININT2 1001\nSTOP",
    'PROTO 2\nEMPTY_DICT\nMARK\nBINUNICODE "protocol_version"\nBININT2 1001\nBINUNICODE "little_endian"\nNEWTRUE\nSETITEMS\nSTOP',
    `PROTO 2\nGLOBAL "collections OrderedDict"\nEMPTY_TUPLE\nREDUCE\nMARK${keys.map(tensor).join("")}\nSETITEMS\nSTOP`,
    `PROTO 2\nEMPTY_LIST\nMARK\n${keys.map((key) => `BINUNICODE "${key}"`).join("\n")}\nAPPENDS\nSTOP`,
  ];
  const storages = keys.flatMap(() => [fields([elements, 8]), 4 * elements]);
  return inOrder("legacy", [...programs.map(assembled), ...storages]);
}

/** A list of four arrays, as joblib lays it out, and a string behind them. */
function joblibFile(size: number): Content {
  const items = Math.floor(size / 4);
  const wrapper = `
    GLOBAL "joblib.numpy_pickle NumpyArrayWrapper"
    EMPTY_TUPLE
    NEWOBJ
    EMPTY_DICT
    MARK
    BINUNICODE "subclass"
    GLOBAL "numpy ndarray"
    BINUNICODE "shape"
    LONG1 ${items}
    TUPLE1
    BINUNICODE "order"
    BINUNICODE "C"
    BINUNICODE "dtype"
    GLOBAL "numpy dtype"
    BINUNICODE "u1"
    NEWFALSE
    NEWTRUE
    TUPLE3
    REDUCE
    BINUNICODE "allow_mmap"
    NEWTRUE
    BINUNICODE "numpy_array_alignment_bytes"
    BININT1 16
    SETITEMS
    BUILD`;
  const stop = assembled('PROTO 2\nBINUNICODE "end"\nSTOP').subarray(2);
  const parts: (Uint8Array | number)[] = [];
  for (let index = 0; index < 4; index++) {
    // The assembler ends a program with STOP; here the next opcodes follow in its place.
    const opcodes = assembled(`PROTO 2\n${index === 0 ? "EMPTY_LIST\nMARK" : ""}${wrapper}\nSTOP`).subarray(index === 0 ? 0 : 2, -1);
    parts.push(opcodes, Uint8Array.of(3, 255, 255, 255), items);
  }
  return inOrder("joblib", [...parts, stop.subarray(0, -1), assembled("PROTO 2\nEMPTY_LIST\nMARK\nAPPENDS\nSTOP").subarray(-2)]);
}

/** An array of zeros as numpy writes it. */
function npyParts(type: string, length: number): Part[] {
  return [npyHeader(type, length), 4 * length];
}

function npyHeader(type: string, length: number): Uint8Array {
  const text = `${`{'descr': '${type}', 'fortran_order': False, 'shape': (${length},), }`.padEnd(117)}\n`;
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), fields([text.length, 2]), Buffer.from(text)]);
}

function assembled(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return program.value;
}
