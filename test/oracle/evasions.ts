/**
 * Ways around a policy, each a program in which every name is allowed for something: what the loader says of it, and the verdict.
 * Boundary: data; `loader-evasions.test.ts` asks both.
 */
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { IN_CONSTANT } from "../../analyzer/verdict/class-policy.ts";

export interface Evasion {
  readonly how: string;
  /** `module:qualified.name`; the calls are imports as well. */
  readonly imports?: readonly string[];
  readonly calls: readonly string[];
  /** Of the calls, those whose functions were found to return what others may hold. */
  readonly shared?: readonly string[];
  /** Of the imports, those of which partials may be made. */
  readonly bound?: readonly string[];
  readonly listing: string;
  readonly reason: string;
  /** What the verdict says, which knows neither classes nor values: the loader is the last to see it. */
  readonly verdict: "blocked" | "unsupported" | "loads";
  /** Where the verdict has another reason: it does not see what unpickles a constant, only that it is a pickle. */
  readonly said?: string;
}

const KEPT = "kept as a value: what it would be called with is not known";

/** Gives slots to what `make_function` returned. */
const CHANGES_A_FUNCTION = `
      GLOBAL "evasive make_function"
      EMPTY_TUPLE
      REDUCE
      NONE
      EMPTY_DICT
      SHORT_BINUNICODE "name"
      NONE
      SETITEM
      TUPLE2
      BUILD`;

/** A partial of a function, to which a state gives another one. */
const givenByState = (name: string) => `
      GLOBAL "functools partial"
      GLOBAL "evasive ${name}"
      TUPLE1
      REDUCE
      MARK
      GLOBAL "evasive payload"
      EMPTY_TUPLE
      EMPTY_DICT
      NONE
      TUPLE
      BUILD`;

/** An object that the pickle gave something to call, under a name that `OrderedDict` asks for. */
const chosen = (value: string) => `
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "keys"
      ${value}
      SETITEM
      BUILD`;

/** The object that a pickle inside the pickle returns. */
const unpickled = (listing: string) => `
      GLOBAL "pickle loads"
      SHORT_BINBYTES {
        PROTO 2
        ${listing}
        STOP
      }
      TUPLE1
      REDUCE`;

export const EVASIONS: readonly Evasion[] = [
  {
    how: "a pickle inside the pickle returns an object with methods that it chose",
    imports: ["evasive:payload"],
    calls: ["collections:OrderedDict", "evasive:Tagger", "pickle:loads"],
    listing: `
      GLOBAL "collections OrderedDict"
      ${unpickled(chosen('GLOBAL "evasive payload"'))}
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "a method of an object is what a pickle inside the pickle returns",
    imports: ["evasive:payload"],
    calls: ["collections:OrderedDict", "evasive:Tagger", "pickle:loads"],
    listing: `
      GLOBAL "collections OrderedDict"
      ${chosen(unpickled('GLOBAL "evasive payload"'))}
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "an object is in the list already that a class is made with, and then gets a method that it chose",
    imports: ["evasive:payload"],
    calls: ["evasive:Tagger", "evasive:TakesAnything"],
    listing: `
      GLOBAL "evasive TakesAnything"
      EMPTY_LIST
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      MEMOIZE
      APPEND
      BINGET 0
      EMPTY_DICT
      SHORT_BINUNICODE "keys"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      POP
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "a method of an object is what a class made that may derive from a partial",
    imports: ["evasive:payload"],
    calls: ["collections:OrderedDict", "evasive:Tagger", "evasive:CallsWhatItIsMadeWith"],
    listing: `
      GLOBAL "collections OrderedDict"
      ${chosen('GLOBAL "evasive CallsWhatItIsMadeWith"\nGLOBAL "evasive payload"\nTUPLE1\nREDUCE')}
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "a constructor takes the names of its attributes from one list, and the values from another",
    imports: ["evasive:payload"],
    calls: ["evasive:Zipped"],
    listing: `
      GLOBAL "evasive Zipped"
      EMPTY_LIST
      SHORT_BINUNICODE "append"
      APPEND
      EMPTY_LIST
      GLOBAL "evasive payload"
      APPEND
      TUPLE2
      REDUCE
      NONE
      APPEND`,
    reason: "APPEND calls what the pickle may have put there",
    verdict: "blocked",
  },
  {
    how: "the keywords of a partial get another one, once they are its own",
    imports: ["evasive:payload"],
    calls: ["functools:partial", "builtins:sorted", "evasive:make_function"],
    listing: `
      GLOBAL "functools partial"
      GLOBAL "evasive make_function"
      TUPLE1
      REDUCE
      MARK
      GLOBAL "builtins sorted"
      EMPTY_LIST
      TUPLE1
      EMPTY_DICT
      MEMOIZE
      NONE
      TUPLE
      BUILD
      BINGET 0
      SHORT_BINUNICODE "key"
      GLOBAL "evasive payload"
      SETITEM
      POP`,
    reason: "call outside the policy, by builtins.sorted",
    verdict: "blocked",
  },
  {
    how: "the attributes of a partial get a name that Python looks for, once they are its own",
    imports: ["evasive:payload"],
    calls: ["functools:partial", "evasive:make_function"],
    listing: `
      GLOBAL "functools partial"
      GLOBAL "evasive make_function"
      TUPLE1
      REDUCE
      MARK
      GLOBAL "evasive make_function"
      EMPTY_TUPLE
      EMPTY_DICT
      EMPTY_DICT
      MEMOIZE
      TUPLE
      BUILD
      BINGET 0
      SHORT_BINUNICODE "__deepcopy__"
      GLOBAL "evasive payload"
      SETITEM
      POP`,
    reason: "SETITEM puts a name into the attributes of an object",
    said: "BUILD would override __deepcopy__",
    verdict: "blocked",
  },
  {
    how: "a class keeps the very dict that is its state, which then gets a name that Python looks for",
    imports: ["evasive:payload"],
    calls: ["evasive:KeepsItsState"],
    listing: `
      GLOBAL "evasive KeepsItsState"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      MEMOIZE
      BUILD
      BINGET 0
      SHORT_BINUNICODE "__deepcopy__"
      GLOBAL "evasive payload"
      SETITEM
      POP`,
    reason: "SETITEM puts a name into the attributes of an object",
    said: "BUILD would override __deepcopy__",
    verdict: "blocked",
  },
  {
    how: "a dict becomes the attributes of an object, and then gets a name that Python looks for",
    imports: ["evasive:payload"],
    calls: ["evasive:Tagger"],
    listing: `
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      NONE
      EMPTY_DICT
      SHORT_BINUNICODE "__dict__"
      EMPTY_DICT
      MEMOIZE
      SETITEM
      TUPLE2
      BUILD
      BINGET 0
      SHORT_BINUNICODE "__deepcopy__"
      GLOBAL "evasive payload"
      SETITEM
      POP`,
    reason: "SETITEM puts a name into the attributes of an object",
    said: "BUILD would override __deepcopy__",
    verdict: "blocked",
  },
  {
    how: "the attributes of a partial have a name that Python looks for",
    imports: ["evasive:payload"],
    calls: ["functools:partial", "evasive:Tagger"],
    listing: `
      GLOBAL "functools partial"
      GLOBAL "evasive Tagger"
      TUPLE1
      REDUCE
      MARK
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      EMPTY_DICT
      EMPTY_DICT
      SHORT_BINUNICODE "__deepcopy__"
      GLOBAL "evasive payload"
      SETITEM
      TUPLE
      BUILD`,
    reason: "BUILD would override __deepcopy__",
    verdict: "blocked",
  },
  {
    how: "a builtin container asks an object for its keys, which the pickle chose",
    imports: ["evasive:payload"],
    calls: ["collections:OrderedDict", "evasive:Tagger"],
    listing: `
      GLOBAL "collections OrderedDict"
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      REDUCE
      EMPTY_DICT
      SHORT_BINUNICODE "keys"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "a constructor asks what is in its list for its keys, a partial of what may be kept in one",
    imports: ["functools:partial", "evasive:payload"],
    calls: ["functools:partial", "evasive:Tagger", "evasive:TakesAnything"],
    bound: ["evasive:payload"],
    listing: `
      GLOBAL "evasive TakesAnything"
      EMPTY_LIST
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "keys"
      GLOBAL "functools partial"
      GLOBAL "evasive payload"
      TUPLE1
      REDUCE
      SETITEM
      BUILD
      APPEND
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "a constructor asks the object inside an object",
    imports: ["evasive:payload"],
    calls: ["evasive:Tagger", "evasive:TakesAnything"],
    listing: `
      GLOBAL "evasive TakesAnything"
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "inner"
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "keys"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      SETITEM
      BUILD
      TUPLE1
      REDUCE`,
    reason: "call whose effect is not known",
    verdict: "blocked",
  },
  {
    how: "getattr is handed a default, which it gives under the name of what is not there",
    imports: ["evasive:payload"],
    calls: ["builtins:getattr", "evasive:Tagger", "evasive:Tagger.gone"],
    listing: `
      GLOBAL "builtins getattr"
      MARK
      GLOBAL "evasive Tagger"
      SHORT_BINUNICODE "gone"
      GLOBAL "evasive payload"
      TUPLE
      REDUCE
      EMPTY_TUPLE
      REDUCE`,
    reason: "import of a computed name, by builtins.getattr",
    verdict: "blocked",
  },
  {
    how: "pure Python calls the items of a state, an attribute of an OrderedDict",
    imports: ["evasive:payload"],
    calls: ["collections:OrderedDict", "evasive:Tagger"],
    listing: `
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      REDUCE
      GLOBAL "collections OrderedDict"
      EMPTY_TUPLE
      REDUCE
      SHORT_BINUNICODE "name"
      NONE
      SETITEM
      EMPTY_DICT
      SHORT_BINUNICODE "items"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      BUILD`,
    reason: "BUILD would override names that are not known",
    verdict: "blocked",
  },
  {
    how: "pure Python calls the items of what a builtin object is given for its slots",
    imports: ["evasive:payload"],
    calls: ["evasive:Tagger"],
    listing: `
      EMPTY_LIST
      NONE
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      REDUCE
      EMPTY_DICT
      SHORT_BINUNICODE "items"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      TUPLE2
      BUILD`,
    reason: "a builtin object is given the items of an object, which says itself what they are",
    verdict: "unsupported",
  },
  {
    how: "a constructor takes its attributes from the dict that it is handed, an append among them",
    imports: ["evasive:payload"],
    calls: ["evasive:Settings"],
    listing: `
      GLOBAL "evasive Settings"
      EMPTY_DICT
      SHORT_BINUNICODE "append"
      GLOBAL "evasive payload"
      SETITEM
      TUPLE1
      REDUCE
      NONE
      APPEND`,
    reason: "APPEND calls what the pickle may have put there",
    verdict: "blocked",
  },
  {
    how: "an object that is made twice, and is one, has its append from the first time",
    imports: ["evasive:payload"],
    calls: ["evasive:Single"],
    listing: `
      GLOBAL "evasive Single"
      EMPTY_TUPLE
      REDUCE
      EMPTY_DICT
      SHORT_BINUNICODE "append"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      POP
      GLOBAL "evasive Single"
      EMPTY_TUPLE
      REDUCE
      NONE
      APPEND`,
    reason: "APPEND calls what the pickle may have put there",
    verdict: "blocked",
  },
  ...(["outside", "inside"] as const).map((planted): Evasion => {
    const plants = `
      GLOBAL "evasive Single"
      EMPTY_TUPLE
      REDUCE
      EMPTY_DICT
      SHORT_BINUNICODE "append"
      GLOBAL "evasive payload"
      SETITEM
      BUILD`;
    const uses = `
      GLOBAL "evasive Single"
      EMPTY_TUPLE
      REDUCE
      NONE
      APPEND`;
    const loads = (listing: string) => `
      GLOBAL "pickle loads"
      SHORT_BINBYTES {
        PROTO 2
        ${listing}
        STOP
      }
      TUPLE1
      REDUCE`;
    const said = "APPEND calls what the pickle may have put there";
    return {
      how: `an object that is made twice, and is one, has its append from ${planted} a pickle that is loaded by another`,
      imports: ["evasive:payload"],
      calls: ["evasive:Single", "pickle:loads"],
      listing: planted === "outside" ? `${plants}\nPOP\n${loads(uses)}` : `${loads(plants)}\nPOP\n${uses}`,
      // The loader sees that it is the object which another pickle returned.
      reason: planted === "outside" ? said : "APPEND changes pickle.loads itself, not an object made by it",
      said,
      verdict: "blocked",
    };
  }),
  {
    how: "an item becomes the __setstate__ that BUILD finds by way of __getattr__",
    imports: ["evasive:payload"],
    calls: ["evasive:AttributeDict"],
    listing: `
      GLOBAL "evasive AttributeDict"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINUNICODE "__setstate__"
      GLOBAL "evasive payload"
      SETITEM
      NONE
      BUILD`,
    reason: "BUILD calls what the pickle may have put there",
    verdict: "blocked",
  },
  {
    how: "an item becomes the append that APPEND finds by way of __getattr__",
    imports: ["evasive:payload"],
    calls: ["evasive:AttributeDict"],
    listing: `
      GLOBAL "evasive AttributeDict"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINUNICODE "append"
      GLOBAL "evasive payload"
      SETITEM
      NONE
      APPEND`,
    reason: "APPEND calls what the pickle may have put there",
    verdict: "blocked",
  },
  {
    how: "a tuple state plants __setstate__ on the instance, by the class's own __setstate__",
    imports: ["evasive:payload"],
    calls: ["evasive:TupleState"],
    listing: `
      GLOBAL "evasive TupleState"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "__setstate__"
      GLOBAL "evasive payload"
      SETITEM
      TUPLE1
      BUILD
      NONE
      BUILD`,
    reason: "BUILD calls what the pickle may have put there",
    verdict: "blocked",
  },
  {
    how: "a dict of attributes in a state plants __setstate__, by the class's own __setstate__",
    imports: ["evasive:payload"],
    calls: ["evasive:TakesItsAttributes"],
    listing: `
      GLOBAL "evasive TakesItsAttributes"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "__dict__"
      EMPTY_DICT
      SHORT_BINUNICODE "__setstate__"
      GLOBAL "evasive payload"
      SETITEM
      SETITEM
      BUILD
      NONE
      BUILD`,
    reason: "BUILD would override __setstate__",
    verdict: "blocked",
  },
  {
    how: "an ordered dict that is a state plants __setstate__",
    imports: ["evasive:payload"],
    calls: ["evasive:TupleState", "collections:OrderedDict"],
    listing: `
      GLOBAL "evasive TupleState"
      EMPTY_TUPLE
      NEWOBJ
      GLOBAL "collections OrderedDict"
      EMPTY_TUPLE
      REDUCE
      SHORT_BINUNICODE "__setstate__"
      GLOBAL "evasive payload"
      SETITEM
      NONE
      TUPLE2
      BUILD
      NONE
      BUILD`,
    reason: "BUILD would override __setstate__",
    verdict: "blocked",
  },
  {
    how: "an ordered dict of slots gives a defaultdict its factory",
    imports: ["evasive:payload"],
    calls: ["collections:defaultdict", "collections:OrderedDict"],
    listing: `
      GLOBAL "collections defaultdict"
      EMPTY_TUPLE
      REDUCE
      NONE
      GLOBAL "collections OrderedDict"
      EMPTY_TUPLE
      REDUCE
      SHORT_BINUNICODE "default_factory"
      GLOBAL "evasive payload"
      SETITEM
      TUPLE2
      BUILD`,
    reason: "BUILD would override names that are not known",
    verdict: "blocked",
  },
  {
    how: "an ordered dict holds what it was made with, which is not seen",
    imports: ["evasive:payload"],
    calls: ["evasive:TakesItsAttributes", "collections:OrderedDict"],
    listing: `
      GLOBAL "evasive TakesItsAttributes"
      EMPTY_TUPLE
      NEWOBJ
      GLOBAL "collections OrderedDict"
      EMPTY_LIST
      SHORT_BINUNICODE "__setstate__"
      GLOBAL "evasive payload"
      TUPLE2
      APPEND
      TUPLE1
      REDUCE
      BUILD`,
    reason: "BUILD would override names that are not known",
    verdict: "blocked",
  },
  {
    how: "a partial of what may only be bound is called",
    imports: ["evasive:payload"],
    bound: ["evasive:payload"],
    calls: ["functools:partial"],
    listing: `
      GLOBAL "functools partial"
      GLOBAL "evasive payload"
      TUPLE1
      REDUCE
      EMPTY_TUPLE
      REDUCE`,
    reason: "call of a computed name",
    verdict: "blocked",
  },
  {
    how: "a partial of what may only be bound is handed over to be called",
    imports: ["evasive:payload"],
    bound: ["evasive:payload"],
    calls: ["functools:partial", "collections:defaultdict"],
    listing: `
      GLOBAL "collections defaultdict"
      GLOBAL "functools partial"
      GLOBAL "evasive payload"
      TUPLE1
      REDUCE
      TUPLE1
      REDUCE`,
    reason: "call of a computed name, by collections.defaultdict",
    verdict: "blocked",
  },
  {
    how: "what may only be bound by a partial is handed to something else that calls it",
    imports: ["evasive:payload"],
    bound: ["evasive:payload"],
    calls: ["collections:defaultdict"],
    listing: `
      GLOBAL "collections defaultdict"
      GLOBAL "evasive payload"
      TUPLE1
      REDUCE`,
    reason: "call outside the policy, by collections.defaultdict",
    verdict: "blocked",
  },
  {
    how: "a partial of what may be bound is given another function by its state",
    imports: ["evasive:f", "evasive:payload"],
    bound: ["evasive:f"],
    calls: ["functools:partial"],
    listing: givenByState("f"),
    reason: "call outside the policy, by functools.partial",
    verdict: "blocked",
  },
  {
    how: "a class unpickles on its own",
    imports: ["evasive:payload"],
    calls: ["evasive:Unpickles"],
    listing: `
      GLOBAL "evasive Unpickles"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINBYTES {
        PROTO 2
        GLOBAL "evasive payload"
        EMPTY_TUPLE
        REDUCE
        STOP
      }
      BUILD`,
    reason: "import outside the policy, by another unpickler",
    verdict: "blocked",
    said: IN_CONSTANT,
  },
  {
    how: "a class unpickles on its own, and catches whatever that raises",
    imports: ["evasive:payload"],
    calls: ["evasive:UnpicklesWhatItCan"],
    listing: `
      GLOBAL "evasive UnpicklesWhatItCan"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINBYTES {
        PROTO 2
        GLOBAL "os system"
        SHORT_BINUNICODE "true"
        TUPLE1
        REDUCE
        STOP
      }
      BUILD`,
    reason: "import outside the policy, by another unpickler",
    verdict: "blocked",
    said: IN_CONSTANT,
  },
  {
    how: "a class unpickles on its own, with a getattr that the policy allows for one attribute",
    imports: ["evasive:TupleState.__setstate__"],
    calls: ["evasive:Unpickles", "builtins:getattr"],
    listing: `
      GLOBAL "evasive Unpickles"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINBYTES {
        PROTO 2
        GLOBAL "builtins getattr"
        STOP
      }
      BUILD`,
    reason: "import outside the policy, by another unpickler",
    verdict: "blocked",
    said: IN_CONSTANT,
  },
  ...[
    ["as it is", "SHORT_BINBYTES", "latin1"],
    ["in hexadecimal", "SHORT_BINUNICODE", "hex"],
    ["in base64", "BINBYTES", "base64"],
    ["with something behind it", "SHORT_BINBYTES", "latin1", "NONE"],
    ["of protocol 0 that says so", "SHORT_BINBYTES", "latin1", "", 0],
  ].map(([how, opcode, encoding, behind = "", protocol = 4]): Evasion => {
    const pickle = bytesOf(`PROTO ${protocol}\nGLOBAL "os system"\nSHORT_BINUNICODE "true"\nTUPLE1\nREDUCE\nSTOP\n${behind}`);
    const bytes = Buffer.from(Buffer.from(pickle).toString(encoding as BufferEncoding), "latin1");
    const constant = bytes.toString("hex").replaceAll(/../g, "\\x$&");
    return {
      how: `an object keeps a pickle, ${how}, for a method of its class to unpickle later`,
      calls: ["evasive:AttributeDict"],
      listing: `
        GLOBAL "evasive AttributeDict"
        EMPTY_TUPLE
        NEWOBJ
        SHORT_BINUNICODE "later"
        ${opcode} "${constant}"
        SETITEM`,
      reason: IN_CONSTANT,
      verdict: "blocked",
    };
  }),
  {
    how: "an allowed callable is given to another, that calls it with arguments nobody has seen",
    imports: ["evasive:TupleState.__setstate__"],
    calls: ["builtins:map", "builtins:getattr", "evasive:TupleState"],
    listing: `
      GLOBAL "builtins map"
      GLOBAL "builtins getattr"
      EMPTY_LIST
      GLOBAL "evasive TupleState"
      APPEND
      EMPTY_LIST
      SHORT_BINUNICODE "__init__"
      APPEND
      TUPLE3
      REDUCE`,
    reason: "call whose effect is not known, by builtins.map",
    verdict: "blocked",
  },
  {
    how: "a computed name has one character, of which Python has one object for all",
    imports: ["evasive:f"],
    calls: ["functools:reduce", "evasive:make_function"],
    listing: `
      SHORT_BINUNICODE "evasive"
      GLOBAL "functools reduce"
      GLOBAL "evasive make_function"
      EMPTY_LIST
      SHORT_BINUNICODE "f"
      APPEND
      TUPLE2
      REDUCE
      STACK_GLOBAL`,
    reason: "import of a computed name",
    verdict: "blocked",
  },
  {
    how: "a computed key of a state has one character",
    calls: ["functools:reduce", "evasive:make_function", "evasive:CallsItsAttribute"],
    listing: `
      GLOBAL "evasive CallsItsAttribute"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      GLOBAL "functools reduce"
      GLOBAL "evasive make_function"
      EMPTY_LIST
      SHORT_BINUNICODE "f"
      APPEND
      TUPLE2
      REDUCE
      NONE
      SETITEM
      BUILD`,
    reason: "BUILD would override names that are not known",
    verdict: "blocked",
  },
  {
    how: "getattr is kept for the class's own code to walk to what no policy names",
    calls: ["builtins:getattr", "evasive:WalksByItsAttribute"],
    listing: `
      GLOBAL "evasive WalksByItsAttribute"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      MARK
      SHORT_BINUNICODE "walk"
      GLOBAL "builtins getattr"
      SHORT_BINUNICODE "start"
      GLOBAL "evasive WalksByItsAttribute"
      SHORT_BINUNICODE "name"
      SHORT_BINUNICODE "__init__"
      SETITEMS
      BUILD`,
    reason: KEPT,
    verdict: "blocked",
  },
  {
    how: "getattr is given to a class that keeps it",
    calls: ["builtins:getattr", "evasive:TakesAnything"],
    listing: `
      GLOBAL "evasive TakesAnything"
      GLOBAL "builtins getattr"
      TUPLE1
      REDUCE`,
    reason: KEPT,
    verdict: "blocked",
  },
  {
    how: "attrgetter is kept in a tuple in the state",
    calls: ["operator:attrgetter", "evasive:TupleState"],
    listing: `
      GLOBAL "evasive TupleState"
      EMPTY_TUPLE
      NEWOBJ
      GLOBAL "operator attrgetter"
      TUPLE1
      TUPLE1
      BUILD`,
    reason: KEPT,
    verdict: "blocked",
  },
  {
    how: "an acting callable is what a pickle returns that another loads",
    calls: ["pickle:loads", "functools:partial"],
    listing: `
      GLOBAL "pickle loads"
      SHORT_BINBYTES {
        PROTO 2
        GLOBAL "functools partial"
        STOP
      }
      TUPLE1
      REDUCE`,
    reason: KEPT,
    verdict: "blocked",
  },
  {
    how: "the callable comes as a keyword",
    imports: ["evasive:payload"],
    calls: ["itertools:accumulate"],
    listing: `
      GLOBAL "itertools accumulate"
      EMPTY_LIST
      TUPLE1
      EMPTY_DICT
      SHORT_BINUNICODE "func"
      GLOBAL "evasive payload"
      SETITEM
      NEWOBJ_EX`,
    reason: "call outside the policy, by itertools.accumulate",
    verdict: "blocked",
  },
  {
    how: "a partial is made of one callable, and its state is another",
    imports: ["evasive:payload"],
    calls: ["functools:partial", "evasive:make_function"],
    listing: givenByState("make_function"),
    reason: "call outside the policy, by functools.partial",
    verdict: "blocked",
  },
  {
    how: "an instance has in the place of a method what the pickle put there, and it is called",
    imports: ["evasive:TupleState.method", "evasive:payload"],
    calls: ["builtins:getattr", "evasive:TupleState"],
    listing: `
      GLOBAL "builtins getattr"
      GLOBAL "evasive TupleState"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "method"
      GLOBAL "evasive payload"
      SETITEM
      TUPLE1
      BUILD
      SHORT_BINUNICODE "method"
      TUPLE2
      REDUCE
      EMPTY_TUPLE
      REDUCE`,
    reason: "call outside the policy",
    verdict: "blocked",
    said: "call of a computed name",
  },
  {
    how: "getattr is asked for what the policy does not name, of an instance",
    calls: ["builtins:getattr", "evasive:TupleState"],
    listing: `
      GLOBAL "builtins getattr"
      GLOBAL "evasive TupleState"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINUNICODE "__setstate__"
      TUPLE2
      REDUCE`,
    reason: "import outside the policy, by builtins.getattr",
    verdict: "blocked",
  },
  {
    how: "a slot state changes the factory of a defaultdict",
    imports: ["evasive:payload"],
    calls: ["collections:defaultdict"],
    listing: `
      GLOBAL "collections defaultdict"
      EMPTY_TUPLE
      REDUCE
      NONE
      EMPTY_DICT
      SHORT_BINUNICODE "default_factory"
      GLOBAL "evasive payload"
      SETITEM
      TUPLE2
      BUILD`,
    reason: "call outside the policy, by collections.defaultdict",
    verdict: "blocked",
  },
  {
    how: "a state changes a function that an allowed callable returned",
    calls: ["evasive:make_function"],
    listing: CHANGES_A_FUNCTION,
    reason: "BUILD changes builtins.function itself, not an object made by it",
    verdict: "loads",
  },
  {
    how: "a state changes what a function returned that is known to return what others hold",
    calls: ["evasive:make_function"],
    shared: ["evasive:make_function"],
    listing: CHANGES_A_FUNCTION,
    reason: "BUILD changes evasive.make_function itself, not an object made by it",
    verdict: "blocked",
  },
  {
    how: "an instance that was looked up is changed",
    imports: ["evasive:lazy"],
    calls: [],
    listing: `
      GLOBAL "evasive lazy"
      EMPTY_DICT
      SHORT_BINUNICODE "name"
      NONE
      SETITEM
      BUILD`,
    reason: "BUILD changes evasive.lazy itself, not an object made by it",
    verdict: "blocked",
  },
  {
    how: "an alias is called that may be looked up only",
    imports: ["_functools:partial", "evasive:payload"],
    calls: ["functools:partial"],
    listing: `
      GLOBAL "_functools partial"
      GLOBAL "evasive payload"
      TUPLE1
      REDUCE`,
    reason: "call outside the policy",
    verdict: "blocked",
  },
  {
    how: "a name is not what it reads like: module evasive.TupleState, name __setstate__",
    imports: ["evasive.TupleState:__setstate__"],
    calls: [],
    listing: `GLOBAL "evasive TupleState.__setstate__"`,
    reason: "import outside the policy",
    verdict: "blocked",
  },
];

/** The program of a listing. */
export function bytesOf(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return program.value;
}
