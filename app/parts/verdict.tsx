/** Verdicts and capabilities as people see them: a shape, a word and a colour, never a colour alone. */
import { type Capability, VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Tally } from "../../db/queries/judgements.ts";

/** Drawn on 16 by 16; the shape alone tells them apart. */
const SHAPES: Readonly<Record<VerdictKind | "none", string>> = {
  loads: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.6 5.3-4.2 5a1 1 0 0 1-1.5 0L4.3 9.5a1 1 0 0 1 1.5-1.3l.9.9L10 5a1 1 0 0 1 1.6 1.3Z",
  blocked: "M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2L5.2 1ZM4 7v2h8V7H4Z",
  malformed: "M2 1h8l4 4v3l-2.5-1.5L9 9 6 7 2 9.5V1Zm0 11 4-2.5 3 2 2.5-2.5L14 10.5V15H2v-3Z",
  unsupported:
    "M1 1h14v14H1V1Zm6 9.5v2h2v-2H7Zm-2-5h2C7 4.7 7.3 4.5 8 4.5s1 .3 1 .9C9 6.5 7 6.7 7 9v.5h2V9c0-1 2-1.5 2-3.6C11 3.6 9.8 2.7 8 2.7S5 3.6 5 5.5Z",
  unavailable: "M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7h1Zm2 0h4V5a2 2 0 1 0-4 0v2Z",
  unfinished: "M3 1h10v3L9.5 8 13 12v3H3v-3l3.5-4L3 4V1Zm2 2v.4L8 7l3-3.6V3H5Z",
  none: "M2 7h12v2H2V7Z",
};

/** The shapes, defined once a page; icons refer to them. With them the hatching of what could not be told, which reads without colour and in print. */
export function Shapes() {
  return (
    <svg className="shapes" width="0" height="0" aria-hidden="true" focusable="false">
      {Object.entries(SHAPES).map(([name, path]) => (
        <symbol key={name} id={`shape-${name}`} viewBox="0 0 16 16">
          <path fillRule="evenodd" d={path} />
        </symbol>
      ))}
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect className="hatch-ground" width="6" height="6" />
        <rect className="hatch-line" width="2.5" height="6" />
      </pattern>
    </svg>
  );
}

/** The icon of a verdict. What it means is said by the word beside it. */
export function VerdictIcon({ verdict }: { readonly verdict: VerdictKind | "none" }) {
  return (
    <svg className={`icon verdict-${verdict}`} width="16" height="16" aria-hidden="true" focusable="false">
      <use href={`#shape-${verdict}`} />
    </svg>
  );
}

export function Verdict({ verdict }: { readonly verdict: VerdictKind | "none" }) {
  return (
    <span className="verdict" title={verdict === "none" ? "Not judged under this policy." : VERDICT_KINDS[verdict].meaning}>
      <VerdictIcon verdict={verdict} />
      {verdict === "none" ? "no verdict" : VERDICT_KINDS[verdict].label}
    </span>
  );
}

/** What code that is known by name could do. */
export const CAPABILITIES = {
  "runs-code": { label: "runs code", meaning: "Runs commands or Python code that it is given." },
  reads: { label: "reads files", meaning: "Reads files or other state of the machine." },
  writes: { label: "writes files", meaning: "Writes, moves or deletes files." },
  network: { label: "network", meaning: "Talks to the network." },
  imports: { label: "imports", meaning: "Imports modules by name, which runs their code." },
  "embedded-code": { label: "embedded code", meaning: "Makes functions from byte code that the pickle brings along." },
  "calls-callables": { label: "calls callables", meaning: "Calls what it is given: it is as dangerous as its arguments." },
  unknown: { label: "unknown", meaning: "In no table of dangerous names: nobody has said what it can do, as of most callables." },
} as const satisfies Record<Capability, { label: string; meaning: string }>;

/** Whether anybody has said what a callable can do. Beside its name nothing else is told: a mark there reads as a warning. */
export function isTold(capability: Capability | null): capability is Exclude<Capability, "unknown"> {
  return capability !== null && capability !== "unknown";
}

export function CapabilityTag({ capability }: { readonly capability: Capability }) {
  const { label, meaning } = CAPABILITIES[capability];
  return (
    <span className={`tag capability-${capability}`} title={meaning}>
      {label}
    </span>
  );
}

/**
 * A share bar: what loads, what is blocked, and, hatched, what could not be told. The numbers stand beside it, so it is
 * hidden from screen readers. Percentages as coordinates let it stretch with its column.
 */
export function TallyBar({ tally }: { readonly tally: Tally }) {
  const segments = [
    { name: "loads", value: tally.loads, fill: undefined },
    { name: "blocked", value: tally.blocked, fill: undefined },
    { name: "unknown", value: tally.unknown, fill: "url(#hatch)" },
  ].filter(({ value }) => value > 0);
  let start = 0;
  return (
    <svg className="bar" width="100%" height="14" aria-hidden="true" focusable="false">
      {segments.map(({ name, value, fill }) => {
        const x = (100 * start) / tally.total;
        start += value;
        return (
          <rect key={name} className={`bar-${name}`} x={`${x}%`} width={`${(100 * value) / tally.total}%`} height="100%" fill={fill} />
        );
      })}
    </svg>
  );
}

/** A bar of one value, as long as its share of `of`. */
export function CountBar({ value, of, name }: { readonly value: number; readonly of: number; readonly name: string }) {
  return (
    <svg className="bar" width="100%" height="14" aria-hidden="true" focusable="false">
      <rect className={`bar-${name}`} width={`${of === 0 ? 0 : (100 * value) / of}%`} height="100%" />
    </svg>
  );
}

/** What the segments of bars are. */
export function TallyLegend() {
  return (
    <ul className="legend">
      <li>
        <VerdictIcon verdict="loads" /> loads
      </li>
      <li>
        <VerdictIcon verdict="blocked" /> blocked
      </li>
      <li>
        <svg className="swatch" width="16" height="14" aria-hidden="true" focusable="false">
          <rect className="bar-unknown" width="100%" height="100%" fill="url(#hatch)" />
        </svg>
        could not tell
      </li>
    </ul>
  );
}
