/**
 * A chart as a picture that stands alone: an SVG with its finding, what it counts, its bars and its legend, and no style
 * sheet. The colours are the style sheet's on paper; shades and the hatching tell the bars apart without them.
 */
import { tally } from "../../db/queries/judgements.ts";
import { compact, integer, percent } from "../parts/numbers.ts";
import { plainName } from "../parts/text.tsx";
import type { Bar, Chart } from "./chart.ts";

const WIDTH = 960;
const MARGIN = 24;
const LABELS = 300;
const NUMBERS = 170;
const ROW = 26;
const BAR = WIDTH - 2 * MARGIN - LABELS - NUMBERS;
const COLOURS = { loads: "#009e73", blocked: "#d55e00", unknown: "url(#hatch)", count: "#7d9b76" } as const;
const INK = "#1d211b";
const MUTED = "#565d52";
const FONT = "system-ui, 'DejaVu Sans', 'Liberation Sans', Arial, sans-serif";

/** Characters of a line of the title, and of a label: what a picture's width holds. */
const TITLE_LINE = 76;
const ABOUT_LINE = 120;
const LABEL = 40;

export function Picture({ chart }: { readonly chart: Chart }) {
  const title = lines(`${chart.finding}.`, TITLE_LINE);
  const about = lines(chart.about, ABOUT_LINE);
  const marks = [...chart.marks, ...(chart.others === null ? [] : [chart.others])].map((mark, row) => ({ ...mark, row }));
  const legend = marks.some(({ values }) => values.kind === "tally");
  const head = MARGIN + 24 * title.length + 18 * about.length + (legend ? 30 : 8);
  const height = head + ROW * marks.length + 44;
  return (
    <svg xmlns="http://www.w3.org/2000/svg" viewBox={`0 0 ${WIDTH} ${height}`} width={WIDTH} height={height} fontFamily={FONT} role="img">
      <title>{plainName(chart.finding)}</title>
      <desc>{plainName(chart.about)}</desc>
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" fill="#e4e1d6" />
          <rect width="2.5" height="6" fill="#8f8d82" />
        </pattern>
      </defs>
      <rect width={WIDTH} height={height} fill="#ffffff" />
      {title.map((line, index) => (
        <text key={line} x={MARGIN} y={MARGIN + 16 + 24 * index} fontSize="19" fontWeight="700" fill={INK}>
          {line}
        </text>
      ))}
      {about.map((line, index) => (
        <text key={line} x={MARGIN} y={MARGIN + 14 + 24 * title.length + 18 * index} fontSize="13" fill={MUTED}>
          {line}
        </text>
      ))}
      {legend && <Legend y={head - 12} />}
      {marks.map(({ label, values, row }) => (
        <g key={row} transform={`translate(${MARGIN} ${head + ROW * row})`}>
          <text x={LABELS - 10} y="17" fontSize="13" textAnchor="end" fill={INK}>
            {shortened(plainName(label), LABEL)}
          </text>
          <rect x={LABELS} y="5" width={BAR} height="16" fill="#f2f0e7" />
          {segments(values).map(({ name, start, share }) => (
            <rect key={name} x={LABELS + BAR * start} y="5" width={BAR * share} height="16" fill={COLOURS[name]} />
          ))}
          <text x={LABELS + BAR + 10} y="17" fontSize="13" fill={INK}>
            {said(values)}
          </text>
        </g>
      ))}
      <text x={MARGIN} y={height - 14} fontSize="11" fill={MUTED}>
        Pickle Census
      </text>
    </svg>
  );
}

function Legend({ y }: { readonly y: number }) {
  const entries = [
    { name: "loads", label: "loads" },
    { name: "blocked", label: "blocked" },
    { name: "unknown", label: "could not tell" },
  ] as const;
  return (
    <g transform={`translate(${MARGIN + LABELS} ${y - 12})`}>
      {entries.map(({ name, label }, index) => (
        <g key={name} transform={`translate(${index * 100} 0)`}>
          <rect width="12" height="12" fill={COLOURS[name]} />
          <text x="18" y="11" fontSize="12" fill={MUTED}>
            {label}
          </text>
        </g>
      ))}
    </g>
  );
}

interface Segment {
  readonly name: keyof typeof COLOURS;
  readonly start: number;
  readonly share: number;
}

function segments(values: Bar): Segment[] {
  if (values.kind === "count") return [{ name: "count", start: 0, share: values.of === 0 ? 0 : values.models / values.of }];
  const { loads, blocked, unknown, total } = tally(values.counts);
  if (total === 0) return [];
  return [
    { name: "loads" as const, start: 0, share: loads / total },
    { name: "blocked" as const, start: loads / total, share: blocked / total },
    { name: "unknown" as const, start: (loads + blocked) / total, share: unknown / total },
  ].filter(({ share }) => share > 0);
}

function said(values: Bar): string {
  if (values.kind === "count") return `${compact(values.models)} (${percent(values.models, values.of)})`;
  const { loads, total } = tally(values.counts);
  return `${integer(loads)} of ${integer(total)} (${percent(loads, total)})`;
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length / 2)}…${text.slice(-length / 2)}`;
}

/** Broken at spaces: SVG breaks no lines itself. */
export function lines(text: string, length: number): string[] {
  const broken: string[] = [""];
  for (const word of plainName(text).split(" ")) {
    const last = broken.at(-1)!;
    if (last !== "" && last.length + word.length >= length) broken.push(word);
    else broken[broken.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return broken.map((line) => shortened(line, length + 20));
}
