/**
 * The zone that a datetime or a time is told is part of its pickle. All of a program's datetimes are one value, and have the zones that any of
 * them is told. Boundary: which types have a zone, and what is one.
 */

import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import type { Flow } from "../flow.ts";
import type { Value } from "../values.ts";
import { typeOfValue } from "./natives.ts";

const WITH_ZONE: ReadonlySet<string> = new Set(["datetime.datetime", "datetime.time"]);
const ZONES: ReadonlySet<string> = new Set(["datetime.timezone", "zoneinfo.ZoneInfo"]);

/** Where the zones of a value are; null of what has none. */
export function zoneOf(flow: Flow, value: Value): Node | null {
  const data = flow.data(value);
  return data.kind === "native" && WITH_ZONE.has(data.type) ? flow.field(value, "tzinfo") : null;
}

/** Of what a datetime is made with, or a method of one is called with, the zones. */
export function keepZone(flow: Flow, value: Value, args: readonly Passed[]): void {
  const into = zoneOf(flow, value);
  if (into === null) return;
  for (const { from } of args)
    flow.graph.listen(from, (each) => {
      if (isZone(flow, each)) flow.graph.add(into, each, from);
    });
}

function isZone(flow: Flow, value: Value): boolean {
  const data = flow.data(value);
  if (data.kind === "native") return ZONES.has(data.type);
  if (data.kind === "external") return ZONES.has(typeOfValue(data.name) ?? "");
  return data.kind === "instance" && flow.classes.externalBases(data.code).includes("datetime.tzinfo");
}
