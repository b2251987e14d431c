/** `census trace`: what a file's pickles do, as JSON. */
import { Argument } from "commander";
import type { PickleTrace } from "../../analyzer/containers/trace.ts";
import type { Fact } from "../../analyzer/pickle/facts.ts";
import { CensusCommand, type Context, printJson, resolvePath, UsageError } from "../context.ts";
import { sha256 } from "../disk-source.ts";
import type { Ending } from "../exit-codes.ts";
import { withTracer } from "../file-tracer.ts";
import { fileOnDisk, unavailable } from "../targets.ts";

export function traceCommand(context: Context): CensusCommand {
  return new CensusCommand(context, "trace", "Print what the pickles of a file look up and call, as JSON", [
    "census trace model.pkl",
    "census trace model.pt | jq '.pickles[].calls[].callable'",
  ])
    .addArgument(new Argument("<FILE>", "the file"))
    .option("--json", "print JSON, as it does anyway")
    .runs(async (target: string) => trace(context, target));
}

async function trace(context: Context, target: string): Promise<Ending> {
  const file = await fileOnDisk(context, target);
  try {
    const { trace: traced } = await withTracer((tracer) => file.read(tracer.trace));
    const { size, container, outcome, failure, findings, pickles } = traced;
    const digest = await sha256(resolvePath(context, target));
    await printJson(context, {
      file: target,
      sha256: digest,
      size,
      container,
      outcome,
      failure,
      findings,
      pickles: pickles.map(pickleJson),
    });
    return outcome === "ok" ? "done" : "undecided";
  } catch (error) {
    throw new UsageError(`${target}: ${unavailable(error)}`);
  }
}

function pickleJson({ facts, ...pickle }: PickleTrace) {
  const { entry, offset, length, protocol, loader, outcome, failure, divergences, root, opcodes } = pickle;
  const place = { entry, offset, length, protocol, loader, outcome, failure, divergences, root };
  return {
    ...place,
    imports: of(facts, "import"),
    calls: of(facts, "call"),
    kept: of(facts, "kept"),
    persistentIds: of(facts, "persistent-id"),
    extensions: of(facts, "extension"),
    opcodes,
  };
}

function of<Kind extends Fact["kind"]>(facts: readonly Fact[], kind: Kind): Omit<Extract<Fact, { kind: Kind }>, "kind">[] {
  return facts.filter((fact): fact is Extract<Fact, { kind: Kind }> => fact.kind === kind).map(({ kind: _, ...fact }) => fact);
}
