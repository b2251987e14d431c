/**
 * How an address is answered. A page is what it loads and how that looks; HTML and JSON are two renderings of the same
 * data. Errors have one shape, in both.
 */
import { randomUUID } from "node:crypto";
import type { ComponentProps, ReactNode } from "react";
import type { Result } from "../analyzer/result.ts";
import type { VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Store } from "../db/connection.ts";
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS, type ExportFormatName, type Heading } from "../db/exports/formats.ts";
import type { ExportRow } from "../db/exports/table.ts";
import type { Survey } from "../db/queries/surveys.ts";
import type { Addresses } from "./addresses.ts";
import { datasetOf } from "./dataset.ts";
import { Document } from "./document.tsx";
import { keepPage, keptPage, keyOf } from "./kept-pages.ts";
import { ERRORS, ErrorView } from "./pages/errors.tsx";
import type { Theme } from "./theme.ts";
import { inTurn, unhurried } from "./turns.ts";

/** `svg` and `png`: pictures of figures. */
export type Format = "html" | ExportFormatName | "svg" | "png";

/** What is asked for: the survey is the one that pages are about, `later` the last that was begun, where that is another. */
export interface Asked {
  readonly url: URL;
  readonly parameters: Readonly<Record<string, string>>;
  readonly format: Format;
  readonly survey: Survey | null;
  readonly later: Survey | null;
  readonly at: Addresses;
  readonly theme: Theme;
}

/** What a page is asked, and the store that it finds the answer in. */
export interface PageRequest extends Asked {
  readonly store: Store;
}

/** A request for a page that is about a survey, when there is one. */
export interface SurveyRequest extends PageRequest {
  readonly survey: Survey;
}

/** Why a page cannot be shown. `no-survey`: the store has none; `other-version`: it cannot be read as it is; `unanswered`: the store or the page broke. */
export interface PageError {
  readonly kind: "not-found" | "bad-query" | "no-survey" | "other-version" | "unanswered";
  readonly message: string;
}

const STATUS = { "not-found": 404, "bad-query": 400, "no-survey": 404, "other-version": 503, unanswered: 500 } as const satisfies Record<
  PageError["kind"],
  number
>;

/** What answers an address. `path` is a pattern: `:name` takes one segment, `*name` one or more. */
export interface Page {
  readonly path: string;
  readonly formats: readonly Format[];
  answer(request: PageRequest): Promise<Response>;
}

interface PageDefinition<Data, Request extends PageRequest> {
  readonly path: string;
  /** What is seen to before it is the page's turn, because it may take long. */
  before?(request: Request): Promise<void>;
  load(request: Request): Promise<Result<Data, PageError>>;
  title(data: Data): string;
  /** In a sentence or two; that of the whole census where there is none. */
  description?(data: Data): string;
  /** The verdict that the page is about, if it is about one. */
  verdict?(data: Data): VerdictKind | null;
  /** The survey that the page describes as a data set. */
  dataset?(data: Data): Survey;
  /** Whether all that is on it is of its survey, so that it stays as it is once that is finished; false where it does not say. */
  ofSurveyAlone?(request: Request): boolean;
  /** Seconds after which the page is to be asked for again; null for never. */
  renewedAfter?(data: Data): number | null;
  view(data: Data, request: Request): ReactNode;
  /** The rows behind the page as a research table, where it is a list: the address with `.csv`, `.parquet` or `.tex`. */
  table?(request: Request): Promise<Result<Rows, PageError>>;
}

/** A research table, or the part of one that a page shows. */
export interface Rows extends Heading {
  readonly rows: AsyncIterable<ExportRow>;
}

/** A page that can be shown without a survey. */
export function page<Data>(definition: PageDefinition<Data, PageRequest>): Page {
  return {
    path: definition.path,
    formats: definition.table === undefined ? ["html", "json"] : ["html", ...EXPORT_FORMAT_NAMES],
    answer: (request) => answer(definition, request),
  };
}

/** A page about a survey: while the store has none, it says so. */
export function surveyPage<Data>(definition: PageDefinition<Data, SurveyRequest>): Page {
  return {
    ...page(definition as PageDefinition<Data, PageRequest>),
    answer: (request) =>
      request.survey === null
        ? failure(request, { kind: "no-survey", message: "This store holds no survey yet." })
        : answer(definition, request as SurveyRequest),
  };
}

async function answer<Data, Request extends PageRequest>(definition: PageDefinition<Data, Request>, request: Request): Promise<Response> {
  if (request.format !== "html" && request.format !== "json") {
    const table = await definition.table!(request);
    return table.ok ? download(request.format as ExportFormatName, table.value) : failure(request, table.error);
  }
  const key = request.format === "html" && definition.ofSurveyAlone?.(request) ? keyOf(request) : null;
  const known = key === null ? undefined : keptPage(key);
  if (known !== undefined) return htmlResponse(known, 200);
  await definition.before?.(request);
  return inTurn(() => make(definition, request, key));
}

/** A page, which is kept under `key` where it has one. */
async function make<Data, Request extends PageRequest>(
  definition: PageDefinition<Data, Request>,
  request: Request,
  key: string | null,
): Promise<Response> {
  // One transaction, so that everything on a page is of one moment, even while a survey writes.
  const data = await request.store.transaction().execute((moment) => definition.load({ ...request, store: moment }));
  if (!data.ok) return failure(request, data.error);
  if (request.format === "json") return json(data.value, 200);
  const described = definition.dataset?.(data.value);
  const markup = await html(request, {
    title: definition.title(data.value),
    description: definition.description?.(data.value) ?? DESCRIPTION,
    verdict: definition.verdict?.(data.value) ?? null,
    json: jsonAddress(request.url),
    dataset: described === undefined ? null : datasetOf(described, request.url),
    children: definition.view(data.value, request),
  });
  if (key !== null) keepPage(key, markup);
  const response = htmlResponse(markup, 200);
  const seconds = definition.renewedAfter?.(data.value) ?? null;
  if (seconds !== null) response.headers.set("refresh", String(seconds));
  return response;
}

/** A research table, streamed as it is read. */
export function download(format: ExportFormatName, table: Rows): Response {
  const { mediaType, write, ending } = EXPORT_FORMATS[format];
  return new Response(streamed(write(table, unhurried(table.rows))), {
    headers: {
      "content-type": mediaType,
      "content-disposition": `inline; filename="${table.name}.${ending}"`,
      "cache-control": "no-cache",
    },
  });
}

/** Bytes as they come, no faster than they are read. */
function streamed(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** The error, in the rendering that was asked for. */
export async function failure(asked: Asked, error: PageError): Promise<Response> {
  const status = STATUS[error.kind];
  if (asked.format !== "html") return json({ ok: false, error: error.kind, message: error.message, status }, status);
  const { title } = ERRORS[error.kind];
  const children = <ErrorView error={error} asked={asked} />;
  return htmlResponse(await html(asked, { title, description: DESCRIPTION, verdict: null, json: null, dataset: null, children }), status);
}

/** A fault of ours: told to the log in full, to the reader by its number only. */
export async function fault(asked: Asked, cause: unknown): Promise<Response> {
  const id = randomUUID().slice(0, 8);
  console.error(`error ${id} at ${asked.url.pathname}:`, cause);
  return failure(asked, { kind: "unanswered", message: `The log of the dashboard knows more, under ${id}.` });
}

/** One JSON document. */
export function json(data: unknown, status: number): Response {
  return new Response(`${JSON.stringify(data, null, 2)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" },
  });
}

/** What a page is a page of, where it does not say so itself. */
const DESCRIPTION =
  "Which of the shared pickle models can be loaded safely, under which policy, and what it would take for the rest: verdicts with evidence down to the opcode.";

/** A page as the bytes that are sent, which are kept as they are: text would be encoded anew for each answer. */
async function html(asked: Asked, document: Omit<ComponentProps<typeof Document>, "asked">): Promise<Uint8Array<ArrayBuffer>> {
  // Imported here: Next refuses it at the top of what it compiles for the server, where its own renderer is meant to be used.
  const { renderToStaticMarkup } = await import("react-dom/server");
  return new TextEncoder().encode(`<!doctype html>${renderToStaticMarkup(<Document asked={asked} {...document} />)}`);
}

function htmlResponse(markup: Uint8Array<ArrayBuffer>, status: number): Response {
  return new Response(markup, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache", vary: "cookie" },
  });
}

function jsonAddress(url: URL): string {
  return `${url.pathname === "/" ? "/overview" : url.pathname}.json${url.search}`;
}
