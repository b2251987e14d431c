/**
 * A red team for open slots: programs that put something into an attribute of an object which may not load there. What
 * they do is nothing; the classes are those of `test/fixtures/intruders`, read as source and never imported.
 */
import { fileURLToPath } from "node:url";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import type { TracedFile } from "../../analyzer/containers/trace.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import type { SourceTree } from "../../analyzer/python/module-file.ts";
import { sourceTree } from "../analyzer/policy/source.ts";

/** The intruders' source, as one more dependency of a library: the inference finds them, and must turn them away. */
export const INTRUDERS: SourceTree = sourceTree(fileURLToPath(new URL("../fixtures/intruders", import.meta.url)), "intruders");

const text = INTRUDERS.files.map((file) => file.text).join("\n");
const CLASSES = [...text.matchAll(/^class (\w+)\(.*Answers/gm)].map((match) => match[1]!);
/** Inert to load, some as long as no object sits where their `__setstate__` calls a method. */
export const MAY_LOAD: ReadonlySet<string> = new Set([
  "Inert",
  "AlsoInert",
  "Slotted",
  "ActsInSetAttribute",
  "HidesItsSlot",
  "ActsWhenItIsMade",
  "ActsInUpdate",
  "ActsInIter",
  "WrapsItsMethod",
  "CallsParameter",
  "CallsElementsOfAPart",
  "CallsPartByHelper",
  "CallsPartByVariable",
  "IteratesOverPart",
  "AsksForTheKeysOfAPart",
  "UpdatesByAPart",
  "ComputesWithNumbers",
  "Keeps",
  "CallsPartByAttribute",
  "CallsPartByState",
  "CallsPartInADisplay",
  "CallsPartInAList",
  "CallsPartOfAnother",
  "CallsAttributesByName",
  "CallsAllAttributes",
  "CallsPartOfAHandedState",
  "CallsWhatAFunctionInsideSet",
  "ComputesWithAPart",
  "ComputesWithAPartElsewhere",
  "WarnsOfWhatItLacks",
]);
const FUNCTIONS = ["runs", "runs_by_another", "evaluates", "reads"];
/** Functions of the standard library that run, read, write, import or connect. */
const DANGEROUS = [
  ["os", "system"],
  ["posix", "system"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["builtins", "__import__"],
  ["builtins", "open"],
  ["builtins", "getattr"],
  ["subprocess", "Popen"],
  ["importlib", "import_module"],
  ["pickle", "loads"],
  ["runpy", "run_path"],
  ["shutil", "rmtree"],
  ["urllib.request", "urlopen"],
  ["functools", "partial"],
  ["operator", "attrgetter"],
  ["types", "FunctionType"],
] as const;

const get = (module: string, name: string) => `GLOBAL "${module}" "${name}"`;
const intruder = (name: string) => get("intruders", name);
const object = (name: string, state = "EMPTY_DICT") => `${intruder(name)}\nEMPTY_TUPLE\nNEWOBJ\n${state}\nBUILD`;
const slots = (name: string, value = "NONE") => `NONE\n${within(name, value)}\nTUPLE2`;
const inList = (name: string) => `EMPTY_LIST\n${object(name)}\nAPPEND`;
const within = (attribute: string, value: string) => `EMPTY_DICT\nBINUNICODE "${attribute}"\n${value}\nSETITEM`;

/** By what it is: instructions that leave it on the stack. */
const INERT = object("Inert");
const BY_NAME: readonly (readonly [string, string])[] = [
  ...CLASSES.filter((name) => !MAY_LOAD.has(name)).map((name) => [`an object of ${name}`, object(name)] as const),
  ...FUNCTIONS.map((name) => [`the function ${name}`, intruder(name)] as const),
  ...DANGEROUS.map(([module, name]) => [`${module}.${name}`, get(module, name)] as const),
  ...DANGEROUS.map(([module, name]) => [`a call of ${module}.${name}`, `${get(module, name)}\nEMPTY_TUPLE\nREDUCE`] as const),
  ["a partial of a dangerous function", `${get("functools", "partial")}\n${get("os", "system")}\nTUPLE1\nREDUCE`],
  ["a partial of a harmless function", `${get("functools", "partial")}\n${intruder("harmless")}\nTUPLE1\nREDUCE`],
  ["an inert class that is called", `${intruder("Inert")}\nEMPTY_TUPLE\nREDUCE`],
  ["an inert class by INST", `MARK\nINST "intruders" "Inert"`],
  ["an inert class by OBJ", `MARK\n${intruder("Inert")}\nOBJ`],
  ["an inert object with a state of slots", object("Inert", "NONE\nEMPTY_DICT\nTUPLE2")],
  ["a state of slots where setattr acts", object("ActsInSetAttribute", slots("x"))],
  ["a state of slots where a property is in the way", object("HidesItsSlot", slots("x"))],
  ["a state of slots that sets no slot", object("Slotted", slots("__class__", intruder("Inert")))],
  ["a state of slots with an acting object in it", object("Slotted", slots("x", object("ActsInSetState")))],
  ["a class that acts when it is called", intruder("ActsWhenItIsMade")],
  ["an inert object with a state that another made", object("Inert", `${intruder("Inert")}\nEMPTY_TUPLE\nNEWOBJ`)],
  ["an inert object that is appended to", `${INERT}\nNONE\nAPPEND`],
  ["an inert object whose items are set", `${INERT}\nNONE\nNONE\nSETITEM`],
  ["an inert object that holds an acting one", object("Inert", within("x", object("ActsInSetState")))],
  ["an inert object that holds a function", object("Inert", within("x", get("os", "system")))],
  ["an inert object that holds an inert one, in no slot of it", object("Inert", within("x", object("AlsoInert")))],
  ["an object put where loading calls a method", object("CallsParameter", within("callback", object("CallsParameter")))],
  ["an object in a list whose elements' methods loading calls", object("CallsElementsOfAPart", within("parts", inList("ActsInUpdate")))],
  ["an object whose method loading calls by another variable", object("CallsPartByVariable", within("part", object("ActsInUpdate")))],
  ["an object whose method loading calls by a function", object("CallsPartByHelper", within("part", object("ActsInUpdate")))],
  ["an object that loading iterates over", object("IteratesOverPart", within("part", object("ActsInIter")))],
  ["an object that loading asks for its keys", object("AsksForTheKeysOfAPart", within("part", object("ActsInIter")))],
  ["an object that loading updates a dict by", object("UpdatesByAPart", within("part", object("ActsInIter")))],
  ...["Attribute", "State"].map(
    (way) =>
      [
        `an object whose method loading calls by another ${way.toLowerCase()}`,
        object(`CallsPartBy${way}`, within("part", object("ActsInUpdate"))),
      ] as const,
  ),
  ["an object whose method loading calls in a tuple", object("CallsPartInADisplay", within("part", object("ActsInUpdate")))],
  ["an object whose method loading calls in a list", object("CallsPartInAList", within("part", object("ActsInUpdate")))],
  ["an object whose method loading calls of another object", object("CallsPartOfAnother", within("part", object("ActsInUpdate")))],
  ["an object whose method loading calls by a computed name", object("CallsAttributesByName", within("part", object("ActsInUpdate")))],
  ["an object whose method loading calls as one of all attributes", object("CallsAllAttributes", within("part", object("ActsInUpdate")))],
  [
    "an object whose method a function calls that is handed the state",
    object("CallsPartOfAHandedState", within("part", object("ActsInUpdate"))),
  ],
  [
    "an object whose method loading calls as a function inside set it",
    object("CallsWhatAFunctionInsideSet", within("part", object("ActsInUpdate"))),
  ],
  ["an object that loading computes with", object("ComputesWithAPart", within("part", INERT))],
  ["a class that loading computes with", object("ComputesWithAPart", within("part", intruder("Inert")))],
  ["an object in a list that loading computes with", object("ComputesWithAPart", within("part", inList("Inert")))],
  ["an object that loading computes with in another place", object("ComputesWithAPartElsewhere", within("part", INERT))],
  ["an acting object among keys", `EMPTY_DICT\n${object("ActsInEquals")}\nNONE\nSETITEM`],
  ["a method of an inert class", get("intruders", "Inert.fit")],
  ["an acting object in a list", `EMPTY_LIST\n${object("ActsInSetState")}\nAPPEND`],
  ["an acting object in a tuple", `${object("ActsInSetState")}\nTUPLE1`],
  [
    "an acting object in an ordered dict",
    `${get("collections", "OrderedDict")}\nEMPTY_TUPLE\nREDUCE\nNONE\n${object("ActsInSetState")}\nSETITEM`,
  ],
  ["an inert object that a container iterates over", `${get("collections", "OrderedDict")}\n${INERT}\nTUPLE1\nREDUCE`],
  ["an inert object that a list is made of", `${get("collections", "OrderedDict")}\nEMPTY_LIST\n${INERT}\nAPPEND\nTUPLE1\nREDUCE`],
  ["an acting object as a key", `EMPTY_DICT\n${object("ActsInHash")}\nNONE\nSETITEM`],
  ["a function that a defaultdict calls", `${get("collections", "defaultdict")}\n${get("os", "system")}\nTUPLE1\nREDUCE`],
  ["an extension", "EXT1 1"],
  ["a persistent id", 'BINUNICODE "id"\nBINPERSID'],
];

/** What the red team puts into slots, by what it is. */
export const ATTACKS: readonly string[] = BY_NAME.map(([name]) => name);

/** Names that the intruders are looked up by: what the inference is asked for fillers among. */
export const NAMES: readonly string[] = [
  ...CLASSES.map((name) => `intruders.${name}`),
  ...[...FUNCTIONS, "harmless"].map((name) => `intruders.${name}`),
  ...DANGEROUS.map(([module, name]) => `${module}.${name}`),
  "collections.OrderedDict",
  "collections.defaultdict",
];

/** Where something is put: an attribute of an object of that class. */
export interface Target {
  readonly module: string;
  readonly name: string;
  readonly attribute: string;
}

/** A pickle of an object with an attack in one of its attributes. */
export function attack(target: Target, name: string): Promise<TracedFile> {
  return put(target, BY_NAME.find(([known]) => known === name)![1]);
}

/** The same with an object that is inert to load: what a slot that asks for it does take. */
export function fill(target: Target): Promise<TracedFile> {
  return put(target, INERT);
}

/** With a function that gets to nothing dangerous. */
export function fillWithFunction(target: Target): Promise<TracedFile> {
  return put(target, intruder("harmless"));
}

/** With an object whose state is that of its slots. */
export function fillWithSlots(target: Target): Promise<TracedFile> {
  return put(target, object("Slotted", slots("x")));
}

/** With an object that holds one, as its own slot takes it. */
export function fillInside(target: Target, name = "Keeps"): Promise<TracedFile> {
  return put(target, object(name, within("part", object("ActsInUpdate"))));
}

/** With an object that holds a number of numpy's, or a list of numbers. */
export function fillWithNumbers(target: Target, numbers: string): Promise<TracedFile> {
  return put(target, object("ComputesWithAPart", within("part", numbers)));
}

/** With the class of such an object itself. */
export function fillWithClass(target: Target): Promise<TracedFile> {
  return put(target, intruder("Inert"));
}

/** With the same object in an attribute that is no slot as well. */
export function fillTwice(target: Target, other: string): Promise<TracedFile> {
  return put(target, INERT, `BINUNICODE "${other}"\n${INERT}\nSETITEM`);
}

async function put({ module, name, attribute }: Target, value: string, more = ""): Promise<TracedFile> {
  // With a dotted name, the protocol that looks it up by its parts.
  const state = attribute === "[]" ? "" : `\n${within(attribute, value)}\n${more}\nBUILD`;
  const elements = attribute === "[]" ? `\n${value}\nAPPEND` : "";
  const program = assemble(`PROTO 4\n${get(module, name)}\nEMPTY_TUPLE\nNEWOBJ${state}${elements}\nSTOP\n`.replace(/\n+/g, "\n"));
  if (!program.ok) throw new Error(`${program.error.message}: ${value}`);
  return traceFile(memorySource(program.value));
}
