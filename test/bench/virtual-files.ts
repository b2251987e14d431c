/**
 * Files of any size in each format, most of which are zeros that are worked out and never held: what it costs to read
 * them can be measured without having them. The pickles in them are real.
 */
import { randomBytes } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { fields } from "../analyzer/containers/build-zip.ts";
import { checkpoint } from "../hub/checkpoint.ts";
import { type Content, heldContent, virtualContent } from "../hub/content.ts";

/** Builds a file of a format, of about `size` bytes. */
export type VirtualFile = (size: number) => Content;

const TENSORS = 400;

/** The formats that are measured, by the name of their container. */
export const VIRTUAL_FILES: Readonly<Record<string, VirtualFile>> = {
  "torch-zip": (size) => checkpoint("bench", TENSORS, Math.floor(size / TENSORS / 4)),
  "torch-legacy": legacyCheckpoint,
  nemo: (size) => tarOf({ "model_config.yaml": heldContent("target: nemo\n"), "model_weights.ckpt": VIRTUAL_FILES["torch-zip"]!(size) }),
  joblib: joblibFile,
  npy: (size) => inOrder("npy", [npyHeader("<f4", Math.floor(size / 4)), 4 * Math.floor(size / 4)]),
  npz: npzFile,
  safetensors: (size) => {
    const header = Buffer.from(JSON.stringify({ weight: { dtype: "U8", shape: [size], data_offsets: [0, size] } }));
    return inOrder("safetensors", [fields([header.length, 8]), header, size]);
  },
  gguf: (size) => inOrder("gguf", [Buffer.from("GGUF\x03\0\0\0"), size - 8]),
  pickle: (size) =>
    heldContent(assembled(`PROTO 4\nEMPTY_LIST\nMARK\n${`BINUNICODE "${"x".repeat(100)}"\n`.repeat(size / 105)}APPENDS\nSTOP`)),
  gzip: (size) => heldContent(gzipSync(assembledBytes(randomBytes(size)), { level: 1 })),
};

/** Formats whose programs are the file: beyond this size there is nothing to skip, and nothing to be learnt. */
export const WHOLE_FORMATS: ReadonlySet<string> = new Set(["pickle", "gzip"]);

/** Parts one after another: bytes, other content, or a number of zeros. */
export function inOrder(name: string, parts: readonly (Uint8Array | Content | number)[]): Content {
  let size = 0;
  const placed = parts.map((part) => {
    const start = size;
    size += typeof part === "number" ? part : "size" in part ? part.size : part.length;
    return { part, start, end: size };
  });
  const held = virtualContent(name, size, () => new Uint8Array(0));
  return {
    ...held,
    read: async (from, to) => {
      const bytes = new Uint8Array(Math.min(to, size) - from);
      for (const { part, start, end } of placed) {
        const [first, last] = [Math.max(from, start), Math.min(to, end)];
        if (first >= last || typeof part === "number") continue;
        bytes.set("size" in part ? await part.read(first - start, last - start) : part.subarray(first - start, last - start), first - from);
      }
      return bytes;
    },
  };
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

function npyHeader(type: string, length: number): Uint8Array {
  const text = `${`{'descr': '${type}', 'fortran_order': False, 'shape': (${length},), }`.padEnd(117)}\n`;
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), fields([text.length, 2]), Buffer.from(text)]);
}

/** Ten arrays, stored. */
function npzFile(size: number): Content {
  const length = Math.floor(size / 40);
  const header = npyHeader("<f4", length);
  const zeros = 4 * length;
  const checksum = checksumBeforeZeros(header, zeros);
  const parts: (Uint8Array | number)[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (let index = 0; index < 10; index++) {
    const name = Buffer.from(`arr_${index}.npy`);
    const common = fields(
      [45, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [checksum, 4],
      [header.length + zeros, 4],
      [header.length + zeros, 4],
      [name.length, 2],
    );
    const far = fields([1, 2], [8, 2], [offset, 8]);
    directory.push(fields([0x02014b50, 4], [45, 2]), common, fields([far.length, 2], [0, 10], [0xffffffff, 4]), name, far);
    parts.push(fields([0x04034b50, 4]), common, fields([0, 2]), name, header, zeros);
    offset += 30 + name.length + header.length + zeros;
  }
  const listed = Buffer.concat(directory);
  const record = offset + listed.length;
  const zip64 = fields([0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 8], [10, 8], [10, 8], [listed.length, 8], [offset, 8]);
  const locator = fields([0x07064b50, 4], [0, 4], [record, 8], [1, 4]);
  const end = fields([0x06054b50, 4], [0, 4], [10, 2], [10, 2], [listed.length, 4], [0xffffffff, 4], [0, 2]);
  return inOrder("npz", [...parts, listed, zip64, locator, end]);
}

function checksumBeforeZeros(bytes: Uint8Array, zeros: number): number {
  const piece = Buffer.alloc(2 ** 20);
  let checksum = crc32(bytes);
  for (let left = zeros; left > 0; left -= piece.length) checksum = crc32(piece.subarray(0, left), checksum);
  return checksum;
}

function tarOf(members: Readonly<Record<string, Content>>): Content {
  const parts: (Uint8Array | Content | number)[] = [];
  for (const [name, content] of Object.entries(members)) {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(content.size.toString(8).padStart(11, "0"), 124);
    header.write(" ".repeat(8), 148);
    header.write("0", 156);
    header.write("ustar\x0000", 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    parts.push(header, content, (512 - (content.size % 512)) % 512);
  }
  return inOrder("tar", [...parts, 1024]);
}

/** A program that makes one bytes object. */
function assembledBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from("\x80\x03B", "latin1"), fields([bytes.length, 4]), bytes, Buffer.from(".")]);
}

function assembled(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return program.value;
}
