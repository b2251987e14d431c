/** The figures of the overview as charts: which numbers each shows, what it finds in them, and which models are behind each mark. */

import { type FilterName, NONE } from "../../db/queries/filters.ts";
import { type Lens, lensPhrase, tally } from "../../db/queries/judgements.ts";
import type { Breakdown, Group } from "../../db/queries/success.ts";
import type { ModelFormat } from "../../db/schema.ts";
import type { FigureProps } from "../pages/overview/data.ts";
import { judgementLabel } from "../parts/lens.tsx";
import { counted, day, integer, percent } from "../parts/numbers.ts";
import { CAPABILITIES } from "../parts/verdict.tsx";
import type { Chart, Mark } from "./chart.ts";

/** What a model comes in, in words; PickleBall's figures 2 and 3 tell the same apart. */
export const FORMATS = {
  pickle: { label: "pickle only" },
  "pickle+safetensors": { label: "pickle and safetensors" },
  safetensors: { label: "safetensors only" },
  gguf: { label: "GGUF" },
  other: { label: "other" },
} as const satisfies Record<ModelFormat, { label: string }>;

/** Every figure, in the order of the overview. Those without a mark have nothing to show yet. */
export function overviewCharts(props: FigureProps): Chart[] {
  return [
    loadSuccessChart(props),
    overTimeChart(props),
    formatsChart(props),
    callablesChart(props),
    modulesChart(props),
    capabilitiesChart(props),
    breakdownChart(props, "libraries"),
    breakdownChart(props, "tasks"),
    breakdownChart(props, "years"),
    breakdownChart(props, "containers"),
  ];
}

export function loadSuccessChart({ data, request }: FigureProps): Chart {
  const weights = data.success.filter((row) => row.role === "weights");
  const total = weights[0] === undefined ? 0 : tally(weights[0].counts).total;
  return {
    id: "load-success",
    finding: successFinding(data),
    about: `Models by the verdict on their weights; n = ${counted(total, "model")} with pickles; ${day(data.survey.startedAt)}.`,
    header: "Policy",
    things: "models",
    marks: weights.map((row) => ({
      label: judgementLabel(row, data.judgements),
      href: request.at.modelsWith(row, data.judgements, {}),
      values: { kind: "tally", counts: row.counts, downloads: row.downloads },
    })),
    others: null,
  };
}

function successFinding({ success, judgements }: FigureProps["data"]): string {
  const shares = success
    .filter((row) => row.role === "weights")
    .map((row) => ({ row, ...tally(row.counts) }))
    .sort((a, b) => b.loads - a.loads);
  const [best] = shares;
  if (best === undefined) return "Load success is not known yet";
  const doubt = best.unknown === 0 ? "none is in doubt" : `${percent(best.unknown, best.total)} could not be told`;
  if (best.loads === 0) return `None was seen to load under ${judgements.length > 1 ? "any policy" : "the policy"}; ${doubt}`;
  const several = judgements.length > 1 ? ", the most of any policy" : "";
  return `${percent(best.loads, best.total)} load ${lensPhrase(best.row)}${several}; ${doubt}`;
}

/** One bar a survey, under one lens. */
export function overTimeChart({ data: { overTime, lens }, request }: FigureProps): Chart {
  const [first, last] = [overTime[0], overTime.at(-1)];
  const share = (row: (typeof overTime)[number]) => percent(tally(row.counts).loads, tally(row.counts).total);
  return {
    id: "over-time",
    finding:
      first === undefined || last === undefined || first === last
        ? "One survey shows no change over time"
        : day(first.startedAt) === day(last.startedAt)
          ? `${share(last)} load in survey ${last.name}, and ${share(first)} in ${first.name} of the same day`
          : `${share(last)} load in ${day(last.startedAt)}’s survey, ${share(first)} in ${day(first.startedAt)}’s`,
    about: `Models by the verdict ${lensPhrase(lens)}, in each finished survey, the earliest first; surveys may be of different populations.`,
    header: "Survey",
    things: "models",
    marks: overTime.map(({ name, startedAt, counts, downloads }) => ({
      label: `${name}, ${day(startedAt)}`,
      href: request.at.inSurvey(name),
      values: { kind: "tally", counts, downloads },
    })),
    others: null,
  };
}

/** PickleBall's figure 3 for this survey. */
export function formatsChart({ data: { formats, survey, lens, judgements }, request }: FigureProps): Chart {
  const told = formats.filter(({ format }) => format !== null);
  const total = told.reduce((sum, row) => sum + row.models, 0);
  const holding = told.filter(({ format }) => format!.startsWith("pickle")).reduce((sum, row) => sum + row.models, 0);
  return {
    id: "formats",
    finding:
      total === 0
        ? "Which formats models come in is not known"
        : `${percent(holding, total)} of the models hold a pickle by the names of their files`,
    about: `Models by the formats that their files’ names say; n = ${counted(total, "model")}; ${day(survey.startedAt)}.`,
    header: "Format",
    things: "models",
    marks: told.map(({ format, models, downloads }) => ({
      label: FORMATS[format!].label,
      href: request.at.modelsWith(lens, judgements, { format: format! }),
      values: { kind: "count", models, of: total, downloads },
    })),
    others: null,
  };
}

export function callablesChart(props: FigureProps): Chart {
  const { blockers, opcodes } = props.data;
  const blocked = blockedModels(props);
  const [first] = blockers;
  return {
    ...blockedChart(props, "blocked-callables", "Callable"),
    finding:
      first !== undefined
        ? `${first.callable} blocks most: ${percent(first.models, blocked)} of the blocked models have it`
        : opcodes.length > 0
          ? "No callable is blocked, only opcodes"
          : "Nothing is blocked",
    marks: blockers.map((row) => ({
      label: row.callable,
      href: props.request.at.callable(row),
      values: { kind: "count", models: row.models, of: blocked, downloads: row.downloads },
    })),
  };
}

export function modulesChart(props: FigureProps): Chart {
  const blocked = blockedModels(props);
  const [first] = props.data.modules;
  return {
    ...blockedChart(props, "blocked-modules", "Module"),
    finding:
      first === undefined
        ? "No module’s names are blocked"
        : `${percent(first.models, blocked)} of the blocked models need something of ${first.module}`,
    marks: props.data.modules.map(({ module, models, downloads }) => ({
      label: module,
      href: props.request.at.callablesNamed(`${module}.`),
      values: { kind: "count", models, of: blocked, downloads },
    })),
  };
}

export function capabilitiesChart(props: FigureProps): Chart {
  const blocked = blockedModels(props);
  const harmful = props.data.capabilities.filter(({ capability }) => capability !== "unknown");
  const chart = blockedChart(props, "blocked-capabilities", "Capability");
  return {
    ...chart,
    about: harmful.length < props.data.capabilities.length ? `${chart.about} Unknown: in no table of dangerous names.` : chart.about,
    finding:
      harmful[0] === undefined
        ? "Nothing blocked is known to do harm"
        : `What is blocked ${CAPABILITIES[harmful[0].capability].label} in ${counted(harmful[0].models, "model")}`,
    marks: props.data.capabilities.map(({ capability, models, downloads }) => ({
      label: CAPABILITIES[capability].label,
      href: null,
      values: { kind: "count", models, of: blocked, downloads },
    })),
  };
}

function blockedChart(props: FigureProps, id: string, header: string): Chart {
  const { lens, survey } = props.data;
  const about = `What is outside the policy, by how many models have it ${lensPhrase(lens)}; n = ${counted(blockedModels(props), "blocked model")}; ${day(survey.startedAt)}.`;
  return { id, header, things: "models", finding: "", about, marks: [], others: null };
}

function blockedModels({ data: { success, lens } }: FigureProps): number {
  const same = (row: Lens) => row.slot === lens.slot && row.mode === lens.mode && row.role === lens.role;
  return success.find(same)?.counts.blocked ?? 0;
}

/** The breakdowns of load success: what their groups are, and what stands for a group without a name. */
const BREAKDOWNS = {
  libraries: {
    named: (name: string) => name,
    header: "Library",
    filter: "library",
    nameless: "none stated",
    unnamed: "models of no stated library",
    others: "other libraries",
    by: "Models by the library that the Hub names",
    things: "models",
  },
  tasks: {
    named: (name: string) => `${name} models`,
    header: "Task",
    filter: "task",
    nameless: "none stated",
    unnamed: "models for no stated task",
    others: "other tasks",
    by: "Models by the task that the Hub names",
    things: "models",
  },
  years: {
    named: (name: string) => `the models of ${name}`,
    header: "Year",
    filter: "year",
    nameless: "not told",
    unnamed: "models of an unknown year",
    others: "other years",
    by: "Models by the year in which their repository was created",
    things: "models",
  },
  containers: {
    named: (name: string) => (name === "unknown" ? "the models with files of no known container" : `the models with ${name} files`),
    header: "Container",
    filter: "container",
    nameless: "not read",
    unnamed: "models of no container",
    others: "other containers",
    by: "Models by the containers of their files, one in each that it has",
    things: "models",
  },
} as const;

export function breakdownChart({ data, request }: FigureProps, id: keyof typeof BREAKDOWNS): Chart {
  const { header, filter, nameless, unnamed, named, others, by, things } = BREAKDOWNS[id];
  const { groups, others: rest }: Breakdown = data[id];
  const total = [...groups, ...(rest === null ? [] : [rest])].reduce((sum, { counts }) => sum + tally(counts).total, 0);
  const address = (name: string | null) =>
    id === "containers" && name === null
      ? null
      : request.at.modelsWith(data.lens, data.judgements, { [filter as FilterName]: name ?? NONE });
  return {
    id,
    finding: groups.every(({ name }) => name === null)
      ? `Load success by ${header.toLowerCase()} is not known yet`
      : breakdownFinding(groups, unnamed, named),
    about: `${by}, ${lensPhrase(data.lens)}; n = ${integer(total)} ${things}; ${day(data.survey.startedAt)}.`,
    header,
    things,
    marks: groups.map(
      ({ name, counts, downloads }): Mark => ({
        label: name ?? nameless,
        href: address(name),
        values: { kind: "tally", counts, downloads },
      }),
    ),
    others:
      rest === null
        ? null
        : { label: `${integer(rest.groups)} ${others}`, values: { kind: "tally", counts: rest.counts, downloads: rest.downloads } },
  };
}

/** Groups of fewer than this share of the largest say nothing of the ecosystem, however they fare. */
const WORTH_SAYING = 0.1;

/** How the largest group fares, and, where a group of some size fares worse, how that does. */
function breakdownFinding(groups: readonly Group[], unnamed: string, named: (name: string) => string): string {
  const size = ({ counts }: Group) => tally(counts).total;
  const largest = groups.reduce((most, group) => (size(group) > size(most) ? group : most));
  const share = (group: Group) => group.counts.loads / Math.max(1, size(group));
  const sizable = groups.filter((group) => size(group) >= WORTH_SAYING * size(largest));
  const worst = sizable.reduce((low, group) => (share(group) < share(low) ? group : low), largest);
  const { unknown } = tally(largest.counts);
  if (2 * unknown > size(largest))
    return `${percent(unknown, size(largest))} of ${largest.name === null ? unnamed : named(largest.name)} could not be told`;
  const said = (group: Group) => `${percent(group.counts.loads, size(group))} of ${group.name === null ? unnamed : named(group.name)}`;
  return `${said(largest)}${worst === largest ? "" : `, but ${said(worst)}`} load`;
}
