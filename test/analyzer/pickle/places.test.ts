/** What sits where in the objects of a pickle. */
import { describe, expect, it } from "vitest";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { type Place, placesOf } from "../../../analyzer/pickle/places.ts";

function places(listing: string) {
  const program = assemble(`PROTO 4\n${listing}\nSTOP\n`);
  if (!program.ok) throw new Error(`${program.error.message}: ${listing}`);
  return placesOf(program.value);
}

/** `holder.attribute: held`, with `~` where it is inside a container there, and `()` where it is an object. */
function told(listing: string): string[] | undefined {
  const show = ({ holder, attribute, isInside, held, isCallable }: Place) =>
    `${holder ?? "-"}.${attribute ?? "-"}: ${isInside ? "~" : ""}${held}${isCallable ? "" : "()"}`;
  return places(listing)?.places.map(show).sort();
}

const host = 'GLOBAL "m" "Host"\nEMPTY_TUPLE\nNEWOBJ';
const part = 'GLOBAL "m" "Part"\nEMPTY_TUPLE\nNEWOBJ';
const state = (key: string, value: string) => `EMPTY_DICT\nBINUNICODE "${key}"\n${value}\nSETITEM\nBUILD`;

describe("places", () => {
  it.each([
    ["an attribute", `${host}\n${state("a", part)}`, ["-.-: m.Host()", "m.Host.a: m.Part()"]],
    ["a callable", `${host}\n${state("a", 'GLOBAL "os" "system"')}`, ["-.-: m.Host()", "m.Host.a: os.system"]],
    ["inside a list in a tuple", `${host}\n${state("a", `EMPTY_LIST\n${part}\nAPPEND\nTUPLE1`)}`, ["-.-: m.Host()", "m.Host.a: ~m.Part()"]],
    [
      "inside an ordered dict, which is told as well",
      `${host}\n${state("a", `GLOBAL "collections" "OrderedDict"\nEMPTY_TUPLE\nREDUCE\nBINUNICODE "k"\n${part}\nSETITEM`)}`,
      ["-.-: m.Host()", "m.Host.a: collections.OrderedDict()", "m.Host.a: ~m.Part()"],
    ],
    [
      "an argument of a container, which iterates over it",
      `${host}\n${state("a", `GLOBAL "collections" "OrderedDict"\n${part}\nTUPLE1\nREDUCE`)}`,
      ["-.-: m.Host()", "collections.OrderedDict.-: m.Part()", "m.Host.a: collections.OrderedDict()"],
    ],
    ["an argument", `GLOBAL "m" "Host"\n${part}\nTUPLE1\nREDUCE`, ["-.-: m.Host()", "m.Host.-: m.Part()"]],
    ["an element", `${host}\n${part}\nAPPEND`, ["-.-: m.Host()", "m.Host.[]: m.Part()"]],
    ["a key", `${host}\n${state("a", `EMPTY_DICT\n${part}\nNONE\nSETITEM`)}`, ["-.-: m.Host()", "m.Host.a: ~m.Part()"]],
    [
      "under a key that is not known",
      `${host}\nEMPTY_DICT\n${part}\n${part}\nSETITEM\nBUILD`,
      ["-.-: m.Host()", "m.Host.-: m.Part()", "m.Host.-: ~m.Part()"],
    ],
    ["what is popped, and held by nothing", `${part}\nPOP\n${host}`, ["-.-: m.Host()", "-.-: m.Part()"]],
    [
      "the class that copyreg is told",
      'GLOBAL "copyreg" "_reconstructor"\nGLOBAL "m" "Host"\nGLOBAL "builtins" "object"\nNONE\nTUPLE3\nREDUCE',
      ["-.-: m.Host()", "m.Host.-: builtins.object", "m.Host.-: m.Host"],
    ],
    [
      "a method of an object, by its class, whoever made it",
      `${host}\n${state(
        "a",
        'GLOBAL "builtins" "getattr"\nGLOBAL "copyreg" "_reconstructor"\nGLOBAL "m" "Part"\nGLOBAL "builtins" "object"\nNONE\nTUPLE3\nREDUCE\nBINUNICODE "run"\nTUPLE2\nREDUCE',
      )}`,
      ["-.-: m.Host()", "m.Host.a: m.Part.run", "m.Part.-: builtins.object", "m.Part.-: m.Part", "m.Part.run.-: m.Part()"],
    ],
    [
      "one object in two places",
      `${part}\nBINPUT 0\nPOP\n${host}\nEMPTY_DICT\nBINUNICODE "a"\nBINGET 0\nSETITEM\nBINUNICODE "b"\nBINGET 0\nSETITEM\nBUILD`,
      ["-.-: m.Host()", "m.Host.a: m.Part()", "m.Host.b: m.Part()"],
    ],
    [
      "an object that holds itself",
      `${host}\nBINPUT 0\nEMPTY_DICT\nBINUNICODE "a"\nBINGET 0\nSETITEM\nBUILD`,
      ["-.-: m.Host()", "m.Host.a: m.Host()"],
    ],
  ])("%s", (_, listing, expected) => {
    expect(told(listing)).toEqual(expected);
  });

  it("say of which classes an object has a state that is no dict", () => {
    expect(places(`${host}\nEMPTY_LIST\nTUPLE1\nBUILD`)?.otherStates).toEqual(["m.Host"]);
    expect(places(`${host}\nNONE\nEMPTY_DICT\n${part}\nNONE\nSETITEM\nTUPLE2\nBUILD`)?.otherStates).toEqual(["m.Host"]);
    expect(places(`${host}\n${part}\nEMPTY_DICT\nTUPLE2\nBUILD`)?.otherStates).toEqual(["m.Host"]);
    expect(places(`${host}\n${state("a", "NONE")}`)?.otherStates).toEqual([]);
  });

  it("say which slots a state sets", () => {
    const found = places(`${host}\nNONE\nEMPTY_DICT\nBINUNICODE "a"\n${part}\nSETITEM\nTUPLE2\nBUILD`);
    expect(found?.otherStates).toEqual([]);
    expect(found?.slotStates).toEqual(new Map([["m.Host", new Set(["a"])]]));
    expect(found?.places).toContainEqual({ holder: "m.Host", attribute: "a", isInside: false, held: "m.Part", isCallable: false });
  });

  it("are not told where arguments are what a call returned", () => {
    expect(places(`GLOBAL "m" "f"\n${host}\nREDUCE`)).toBeNull();
  });

  it("are not told of a program that breaks", () => {
    expect(placesOf(new Uint8Array([0x80, 4, 0x4e]))).toBeNull();
  });
});
