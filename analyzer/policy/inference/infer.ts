/**
 * From the source of a library and the name of a class to the policy that loading the class needs. Boundary: the whole
 * of inference behind one function; nothing is run, imported or read from a disk.
 */
import { LIMITS } from "../../limits.ts";
import { Classes } from "../../python/classes.ts";
import type { Code, Unit } from "../../python/code.ts";
import { findClass, findDefinition, findNearMisses } from "../../python/find-class.ts";
import type { SourceTree } from "../../python/module-file.ts";
import { Modules } from "../../python/modules.ts";
import type { PythonParser } from "../../python/parser.ts";
import { Resolver } from "../../python/resolve.ts";
import { failed, ok, type Result } from "../../result.ts";
import type { Policy } from "../policy.ts";
import { dangerIn } from "./danger-in-code.ts";
import type { Candidate, Filling, FindCandidate } from "./fill.ts";
import { mayNameAnother } from "./flow/classes/decorators.ts";
import { Flow, type Notice } from "./flow/flow.ts";
import { nativeType, recordedNames } from "./flow/models/natives.ts";
import { runForeignWriters } from "./flow/writers/foreign-writers.ts";
import { Holding } from "./holding/holding.ts";
import { storedSlots } from "./holding/stored-slots.ts";
import { HOOKS, runsWhenAsked } from "./inertness/asked-methods.ts";
import { actsAtSight, type IsAnswered, type Loading, loadingOf } from "./inertness/inertness.ts";
import { joinParts, type Part, partOf, withAliases } from "./parts.ts";
import { holdSaved } from "./saving/checkpoint.ts";
import { saversOf } from "./saving/savers.ts";

export type { SourceTree } from "../../python/module-file.ts";

export interface InferRequest {
  readonly parser: PythonParser;
  readonly library: SourceTree;
  readonly dependencies: readonly SourceTree[];
  /** `pkg.mod.Class`, also by a name it is re-exported under. */
  readonly class: string;
}

/** Why there is no policy. */
export type InferError =
  | { readonly kind: "nothing-to-parse"; readonly message: string }
  | { readonly kind: "class-not-found"; readonly message: string; readonly nearMisses: readonly string[] }
  | { readonly kind: "nothing-saved"; readonly message: string };

/** A policy, and what the inference has to say about it. */
export interface Inferred {
  readonly policy: Policy;
  /** Where the analysis could not follow the code, and what it did instead. */
  readonly notices: readonly Notice[];
  /** Files, of those that were needed, with syntax that is not Python as the grammar knows it; the rest of each was read. */
  readonly unparsed: readonly string[];
  /** How much was looked at: files parsed, activations of functions, nodes of the graph. */
  readonly size: { readonly files: number; readonly activations: number; readonly nodes: number };
}

/** The policy of a class: which callables a pickle of an object of it, or of a subclass in the library, may look up and call. */
export function inferPolicy(request: InferRequest): Result<Policy, InferError> {
  const inferred = infer(request);
  return inferred.ok ? ok(inferred.value.policy) : inferred;
}

/** The same, with what the inference noticed on the way. */
export function infer(request: InferRequest): Result<Inferred, InferError> {
  return openLibrary(request).infer(request.class);
}

/**
 * The policy of what a library itself saves (`checkpoint`): the values that reach `torch.save`, `pickle.dump` and the like
 * anywhere in it. Each chain of reasons starts with the call that saves. An error where the library saves nothing.
 */
export function inferCheckpoint(request: Omit<InferRequest, "class">, report?: ReportSaver): Result<Inferred, InferError> {
  return openLibrary({ ...request, class: request.library.name }).inferCheckpoint(report);
}

/** The name of what is followed next, how many are done, and how many there are. */
export type ReportSaver = (saver: string, done: number, all: number) => void;

/**
 * The policy of a class that needs no source: how its objects pickle was recorded (`argparse.Namespace`, `torch.device`). An error where
 * that was not.
 */
export function inferRecorded(parser: PythonParser, class_: string): Result<Inferred, InferError> {
  const native = nativeType(class_);
  const source = sourceOf({ parser, library: { name: "", version: null, files: [] }, dependencies: [], class: class_ });
  if (native?.own) return ok(inferredFrom(source, [partOf(holdNative(source, native.type, class_))], `class:${class_}`, class_));
  const message = `${class_} is not known: it is no type whose pickles were recorded`;
  const wanted = `.${class_.split(".").at(-1)}`;
  return failed(
    classNotFound(
      message,
      recordedNames().filter((name) => name.endsWith(wanted) && nativeType(name)?.own),
    ),
  );
}

/** A library whose source has been opened: several of its classes share what was parsed and resolved. */
export interface OpenLibrary {
  infer(class_: string): Result<Inferred, InferError>;
  /** `report` is told before each function or class that saves something is followed. */
  inferCheckpoint(report?: ReportSaver): Result<Inferred, InferError>;
  /** What a name stands for in the library or its dependencies, as something to fill slots with. */
  candidate: FindCandidate;
}

/** Opens a library. Where its tree is the inside of a package, `class` says which package that is. */
export function openLibrary(request: InferRequest): OpenLibrary {
  const source = sourceOf(request);
  return {
    infer: (class_) => inferClass(source, class_),
    inferCheckpoint: (report = () => {}) => inferSaved(source, report),
    candidate: (name) => candidateOf(source, name),
  };
}

interface Source extends Omit<InferRequest, "class"> {
  readonly modules: Modules;
  readonly resolver: Resolver;
  readonly classes: Classes;
  readonly candidates: Map<string, Candidate | null>;
  /** Distributions as libraries of their own, by tree, read thoroughly: of what loading runs in them all is followed. */
  readonly others: Map<SourceTree, Source>;
}

function sourceOf(request: InferRequest): Source {
  const { parser, library, dependencies } = request;
  const modules = new Modules(parser, library, dependencies, rootPackage(library, request.class));
  const resolver = new Resolver(modules);
  return { parser, library, dependencies, modules, resolver, classes: new Classes(resolver), candidates: new Map(), others: new Map() };
}

/** The distribution of a class, as a library of its own, read thoroughly. */
function thoroughSource({ parser, library, dependencies, modules, others }: Source, unit: Unit, class_: string): Source {
  const tree = modules.treeOf(unit) ?? library;
  const known = others.get(tree);
  if (known) return known;
  const rest = dependencies.filter((each) => each !== tree);
  const source = sourceOf({ parser: parser.thorough, library: tree, dependencies: rest, class: class_ });
  others.set(tree, source);
  return source;
}

/** A class whose policy was inferred, and what it was read from. */
interface Solved {
  readonly inferred: Inferred;
  readonly holding: Holding;
  /** Null where the class has no Python source. */
  readonly target: Code | null;
  /** Whether it was followed to its end. */
  readonly isEnded: boolean;
}

function inferClass(source: Source, class_: string): Result<Inferred, InferError> {
  const solved = solveClass(source, class_);
  return solved.ok ? ok(solved.value.inferred) : solved;
}

/** `most`: so many ways for values to go, and it is left there. */
function solveClass(source: Source, class_: string, most: number = LIMITS.classEdges.limit): Result<Solved, InferError> {
  const { library, modules, resolver, classes } = source;
  if (modules.libraryModules().length === 0) return failed(nothingToParse(library));
  const target = findClass(resolver, class_);
  const native = target ? null : nativeType(class_);
  if (native?.own) {
    const holding = holdNative(source, native.type, class_);
    return ok({ inferred: inferredFrom(source, [partOf(holding)], `class:${class_}`, class_), holding, target, isEnded: true });
  }
  if (!target) {
    const nearMisses = findNearMisses(sourceMeant(source, class_).classes, class_);
    return failed(classNotFound(`no class ${class_} in ${library.name}`, nearMisses));
  }
  let isEnded = true;
  const holding = solveWithRegistrations((registered) => {
    const holding = new Holding(new Flow(resolver, classes, registered));
    isEnded = holdClass(holding, target, most);
    return holding;
  });
  const name = holding.flow.nameOf(target);
  return ok({ inferred: inferredFrom(source, [partOf(holding)], `class:${name}`, name), holding, target, isEnded });
}

function fillingOf(source: Source, { flow, named }: Holding, target: Code): Filling {
  const order = flow.classes.orderOf(target);
  const isAnswered = (asked: string) => [...named].some((each) => each.kind === "class" && runsWhenAsked(flow, each, asked));
  return {
    attributes: flow.attributeNames(flow.values.instance(target, null)),
    classes: new Set(order.map((base) => (typeof base === "string" ? base : flow.nameOf(base)))),
    slots: storedSlots(flow.classes, target),
    isHarmless: () => dangerIn(flow.classes, target) === null,
    runs: (asked) => runsWhenAsked(flow, target, asked, HOOKS),
    loading: loadingIn(thoroughSource(source, target.unit, flow.nameOf(target)), flow, target, isAnswered),
  };
}

/** What loading runs, whatever else users do with an object: the state is the pickle's. All of it is followed, as of a library. */
function loadingIn({ resolver, classes }: Source, flow: Flow, target: Code, isAnswered: IsAnswered): Loading {
  const code = findClass(resolver, flow.nameOf(target));
  if (code === null)
    return {
      acts: ["it is not found in its own distribution"],
      touches: [],
      touchesInside: new Map(),
      computes: [],
      asks: [],
      isCalled: false,
    };
  const registered = new Set(flow.registered.has(target) ? [code] : []);
  return loadingOf(new Flow(resolver, classes, registered), code, isAnswered, LIMITS.fillerEdges.limit);
}

/** What a name may fill slots with; each is looked at once. */
function candidateOf(source: Source, name: string): Candidate | null {
  const known = source.candidates.get(name);
  if (known !== undefined) return known;
  const candidate = findCandidate(source, name);
  source.candidates.set(name, candidate);
  return candidate;
}

function findCandidate(source: Source, name: string): Candidate | null {
  const { resolver } = source;
  const definition = findDefinition(resolver, name);
  if (definition?.kind === "function") return dangerIn(source.classes, definition.code) === null ? { kind: "function" } : null;
  // A class whose reduction was recorded fills slots as that, or not at all.
  if (definition?.kind !== "class" || nativeType(name)?.own) return null;
  if (actsAtSight(source.classes.orderOf(definition.code)).length > 0) return null;
  const solved = solveClass(source, name, LIMITS.fillerEdges.limit);
  if (!solved.ok || solved.value.target === null) return null;
  const { inferred, holding, target, isEnded } = solved.value;
  // Of what was not followed to its end it is not known what loading it does.
  if (!isEnded) return null;
  return { kind: "class", policy: inferred.policy, filling: fillingOf(source, holding, target) };
}

function inferSaved(source: Source, report: ReportSaver): Result<Inferred, InferError> {
  const { library, modules, resolver, classes } = source;
  if (modules.libraryModules().length === 0) return failed(nothingToParse(library));
  const savers = saversOf(new Flow(resolver, classes));
  if (savers.length === 0) return failed({ kind: "nothing-saved", message: `no function of ${library.name} saves anything by pickle` });
  // One by one: what flows through one trainer would flow through all, and their number times as far.
  const parts = savers.map((saver, index) => {
    report(saver.code.fullName, index, savers.length);
    const holding = solveWithRegistrations((registered) => {
      const checkpoint = new Holding(new Flow(resolver, classes, registered));
      holdSaved(checkpoint, saver, LIMITS.savedEdges.limit);
      return checkpoint;
    });
    return partOf(holding);
  });
  return ok(inferredFrom(source, parts, `checkpoint:${library.name}`, null));
}

function classNotFound(message: string, nearMisses: readonly string[]): InferError {
  const last = nearMisses.at(-1);
  const hint = nearMisses.length > 1 ? `${nearMisses.slice(0, -1).join(", ")} or ${last}` : last;
  return { kind: "class-not-found", message: hint === undefined ? message : `${message}; did you mean ${hint}?`, nearMisses };
}

/**
 * The library with the names that its classes would have been asked for by. The inside of a package has that of the folder, unless a name was
 * given that may be its own: `torch.Linear` of `torch-1.13/`, and not `Linear` or `nn.Linear`.
 */
function sourceMeant(source: Source, class_: string): Source {
  const { library, modules } = source;
  const [root = "", ...others] = class_.split(".");
  const own = library.name.replace(/-v?\d.*$/, "").replaceAll("-", "_");
  if (rootPackage(library, class_) === null || root === own || !/^[a-z_]\w*$/i.test(own)) return source;
  if (others.length > 0 && !modules.has(`${root}.${root}`)) return source;
  return sourceOf({ ...source, class: own });
}

function nothingToParse(library: SourceTree): InferError {
  return { kind: "nothing-to-parse", message: `${library.name} has no Python source` };
}

/** A class registered with copyreg is known to be so only in the end: then its other reductions were not meant. */
function solveWithRegistrations(solve: (registered: ReadonlySet<Code>) => Holding): Holding {
  const holding = solve(new Set());
  const registered = holding.flow.reductions.registeredClasses();
  return [...registered].some((code) => holding.named.has(code)) ? solve(registered) : holding;
}

function inferredFrom({ library, modules, resolver }: Source, parts: readonly Part[], name: string, class_: string | null): Inferred {
  const { imports, calls, openSlots, named, notices, activations, nodes } = joinParts(parts);
  const version = library.version === null ? "" : `-${library.version}`;
  // What was recorded is of no library.
  const isOfLibrary = library.files.length > 0;
  const policy: Policy = {
    name: isOfLibrary ? `${name}@${library.name}${version}` : name,
    class: class_,
    library: isOfLibrary ? { name: library.name, version: library.version, sourceSha256: library.sha256 ?? null } : null,
    openSlots,
    ...withAliases(resolver, named, { imports, calls }),
  };
  const unparsed = modules.parsed.filter((unit) => unit.hasErrors).map((unit) => unit.path);
  return { policy, notices, unparsed, size: { files: modules.parsed.length, activations, nodes } };
}

/** A class that has no Python source, but was recorded. */
function holdNative({ resolver, classes }: Source, type: string, class_: string): Holding {
  const holding = new Holding(new Flow(resolver, classes, new Set()));
  const reason = { kind: "class" as const, text: `the class ${class_}`, name: class_ };
  holding.hold(holding.flow.values.native(type), { holder: null, node: null, reason });
  return holding;
}

/** Everything that objects of the class and of its subclasses in the library hold. Whether it was followed to its end. */
function holdClass(holding: Holding, target: Code, most: number): boolean {
  const { flow } = holding;
  const { classes } = flow;
  const name = flow.nameOf(target);
  const at = { name, file: target.unit.path, line: target.line };
  const reason = { kind: "class" as const, text: `the class ${name}`, ...at };
  const native = nativeType(name);
  if (native?.own) {
    // How it pickles was recorded, which no reading of its Python half can better.
    holding.hold(flow.values.native(native.type), { holder: null, node: null, reason });
    return true;
  }
  const root = flow.objects.openInstance(target);
  const roots = [root];
  holding.hold(root, { holder: null, node: null, reason });
  for (const code of classes.librarySubclasses(target)) {
    if (classes.hasNoObjects(code)) continue;
    const reason = {
      kind: "subclass" as const,
      text: `a subclass of ${target.name}`,
      name: flow.nameOf(code),
      file: code.unit.path,
      line: code.line,
    };
    const subclass = flow.objects.openInstance(code);
    roots.push(subclass);
    holding.hold(subclass, { holder: root, node: null, reason });
  }
  if (mayNameAnother(flow, target))
    flow.graph.listen(flow.variable(target.unit, target.name), (value) => {
      const data = flow.data(value);
      if (data.kind !== "class" || data.code === target) return;
      const reason = { kind: "class" as const, text: `what a decorator makes of ${target.name}`, ...at };
      holding.hold(flow.objects.openInstance(data.code), { holder: root, node: null, reason });
    });
  const followed = () => flow.solveWithin(most, `what ${target.name} holds`, target);
  return followed() && runForeignWriters(flow, roots, followed);
}

/** A tree that is the inside of a package is that of the class asked for, whatever the folder is called. */
function rootPackage(library: SourceTree, class_: string): string | null {
  return library.files.some((file) => file.path === "__init__.py") ? (class_.split(".")[0] ?? null) : null;
}
