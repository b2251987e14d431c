/**
 * The description of the API (OpenAPI 3.1): every address, its parameters from the tables that read them, and what is
 * promised of its answers. The answers are those of the pages' JSON, under addresses that stay.
 */
import * as z from "zod";
import { VERDICT_KINDS } from "../../analyzer/verdict/verdict.ts";
import { FILTER_NAMES, FILTERS, NONE, SORTS } from "../../db/queries/filters.ts";
import { MODES, POLICY_SLOTS, ROLES } from "../../db/queries/judgements.ts";
import { API_ANSWERS, API_ERROR } from "./answers.ts";

export const API = "/api/v1";

interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

const text = { type: "string" };
const list = (description: string) => ({ description: `${description} Several values mean "or".`, schema: { type: "array", items: text } });
const oneOf = (table: object) => ({ type: "string", enum: Object.keys(table) });

const SURVEY: Parameter = { name: "survey", description: "Name of the survey; the last finished one if left out.", schema: text };
const LENS: readonly Parameter[] = [
  { name: "policy", description: "Under which of the policies judged side by side.", schema: oneOf(POLICY_SLOTS) },
  { name: "mode", description: "In which mode.", schema: oneOf(MODES) },
  { name: "role", description: "The files of which role.", schema: oneOf(ROLES) },
];
const MODELS: readonly Parameter[] = [
  { name: "q", description: "Part of the model's name.", schema: text },
  ...FILTER_NAMES.map((name) => ({ name, ...list(`${FILTERS[name].label}; \`${NONE}\` for none${name === "verdict" ? "" : " stated"}.`) })),
  { name: "sort", description: "In which order; ties are ordered by model.", schema: oneOf(SORTS) },
  { name: "next", description: "Where to go on: taken from `nextPage` of the page before.", schema: text },
];

/** Every address under `/api/v1`, by the pattern of the page that answers it. */
export const API_PATHS = {
  "/overview": { summary: "Load success and what blocks, over the whole survey.", parameters: [SURVEY, ...LENS] },
  "/figures/:id": { summary: "One figure of the overview: its finding and its marks.", parameters: [SURVEY, ...LENS] },
  "/models": { summary: "Models, a page at a time, with the counts of every filter.", parameters: [SURVEY, ...LENS, ...MODELS] },
  "/models/*name": { summary: "One model: verdicts, files, evidence, history.", parameters: [SURVEY] },
  "/callables": {
    summary: "Callables by how many models look them up.",
    parameters: [SURVEY, { name: "q", description: "Part of the callable's name.", schema: text }],
  },
  "/callables/*name": { summary: "One callable: who uses, allows and blocks it.", parameters: [SURVEY] },
  "/libraries": { summary: "Libraries with their models and policies.", parameters: [SURVEY, ...LENS] },
  "/libraries/:name": { summary: "One library: load success, versions, classes.", parameters: [SURVEY, ...LENS] },
  "/policies": {
    summary: "Policies, a page at a time.",
    parameters: [
      { name: "q", description: "Part of the policy's name.", schema: text },
      { name: "from", description: "The place of the first that is listed, from 1.", schema: { type: "integer" } },
    ],
  },
  "/policies/:id": { summary: "One policy: what it allows, and why.", parameters: [SURVEY] },
  "/policies/:before/against/:after": {
    summary: "What the second of two policies allows that the first does not, and the other way round.",
    parameters: [],
  },
  "/surveys": { summary: "Every survey.", parameters: [] },
  "/surveys/:name": { summary: "One survey: progress, totals, citation.", parameters: [] },
  "/surveys/:before/against/:after": { summary: "Two surveys compared.", parameters: LENS },
  "/methods": { summary: "Definitions, kinds and limits, as the code has them.", parameters: [] },
  "/exports": { summary: "The research tables and their columns.", parameters: [] },
  "/exports/:table": { summary: "A research table, whole, as an array.", parameters: [SURVEY] },
  "/exports/:table/metadata": { summary: "A research table's columns, row counts and checksums, as a data package.", parameters: [SURVEY] },
} as const satisfies Record<string, { summary: string; parameters: readonly Parameter[] }>;

export type ApiPath = keyof typeof API_PATHS;

/** The document. */
export function openApiDocument(version: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Pickle Census",
      version,
      description: [
        "Read-only, on the machine that holds the store. Every answer is JSON; errors have one shape.",
        "",
        "**What is promised of v1**: addresses and parameters stay, keys stay and keep their type and meaning. Keys, values of",
        `enumerations and parameters may be added. What cannot keep this promise becomes v2. Verdicts are ${Object.keys(VERDICT_KINDS).join(", ")}; only \`loads\` is success.`,
        "",
        "Names are percent-encoded, segment by segment: `/models/owner/name`. Text in answers was chosen by strangers.",
      ].join("\n"),
      license: { name: "CC-BY-4.0" },
    },
    servers: [{ url: API }],
    paths: Object.fromEntries((Object.keys(API_PATHS) as ApiPath[]).map((path) => [templateOf(path), { get: operation(path) }])),
    components: {
      schemas: {
        Error: z.toJSONSchema(API_ERROR),
        ...Object.fromEntries(Object.entries(API_ANSWERS).map(([path, schema]) => [schemaName(path), z.toJSONSchema(schema)])),
      },
    },
  };
}

function operation(path: ApiPath): object {
  const { summary, parameters } = API_PATHS[path];
  const schema = path in API_ANSWERS ? { $ref: `#/components/schemas/${schemaName(path)}` } : {};
  const error = { description: "An error.", content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } };
  const inPath = [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: text }));
  return {
    summary,
    operationId: schemaName(path),
    parameters: [...inPath, ...parameters.map((parameter) => ({ in: "query", ...parameter }))],
    responses: {
      200: { description: summary, content: { "application/json": { schema } } },
      400: error,
      404: error,
      500: error,
    },
  };
}

/** `/models/{name}` of `/models/*name`. */
export function templateOf(path: string): string {
  return path.replaceAll(/[:*](\w+)/g, "{$1}");
}

function schemaName(path: string): string {
  return path
    .split(/[^a-z]+/)
    .filter(Boolean)
    .map((part) => part[0]!.toUpperCase() + part.slice(1))
    .join("");
}
