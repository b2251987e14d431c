import { expect, test } from "vitest";
import { Oracle } from "../../oracle/oracle.ts";
import { CROSSED_TWICE, program, run } from "./programs.ts";

function namesIn(listing: string): string[] {
  return run(listing).facts.flatMap((fact) => (fact.kind === "kept" ? [] : fact.kind === "import" ? fact.callable : fact.kind));
}

test("every choice is taken of what is lost where frames are crossed", async () => {
  const oracle = new Oracle();
  const unpicklers = ["memory", "file", "plain", "buffered"] as const;
  const answers = await oracle.ask(unpicklers.map((unpickler) => ({ program: program(CROSSED_TWICE), unpickler })));
  oracle.close();
  // What `loads` and a file in memory make of it, and what a file does that `open` returned.
  expect(answers.map(({ events }) => events[0]![1])).toEqual(["os.xxsystem", "s.system", "s.system", "os.system"]);
  expect(namesIn(CROSSED_TWICE).sort()).toEqual(["os.system", "os.xxsystem", "s.system", "s.xxsystem"]);
  expect(run(CROSSED_TWICE)).toMatchObject({ outcome: "malformed", failure: { kind: "frame-straddled" } });
});

test("frames that are crossed over and over are read anew only so often", () => {
  const listing = `PROTO 4\n${"FRAME 2\nINT 123\nPOP\n".repeat(5_000)}GLOBAL "os system"\nSTOP`;
  expect(run(listing).outcome).toBe("malformed");
  expect(namesIn(listing)).toEqual(["os.system"]);
});

test("the offsets of a reading that lost bytes twice are those of the program", () => {
  const listing = 'PROTO 4\nFRAME 3\nRAW 49 31 32\nRAW "34\\n"\nFRAME 3\nRAW 49 31 32\nRAW "34\\n"\nGLOBAL "a b"\nSTOP';
  expect(run(listing).facts).toMatchObject([
    { offset: 32, callable: "a.b" },
    { kind: "kept", offset: 37 },
  ]);
});

test("the offsets of a reading that lost bytes are those of the program", () => {
  // "no" is lost behind the I of INT, and GLOBAL lies behind it.
  const { facts } = run('PROTO 4\nFRAME 3\nRAW 49 31 32\nRAW "34\\n"\nGLOBAL "a b"\nSTOP');
  expect(facts).toMatchObject([
    { offset: 17, callable: "a.b" },
    { kind: "kept", offset: 22 },
  ]);
});
