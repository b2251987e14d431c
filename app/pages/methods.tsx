/** What the words mean and which limits hold, rendered from the tables that the code itself uses. */
import type { ReactNode } from "react";
import { LIMITS } from "../../analyzer/limits.ts";
import { ok } from "../../analyzer/result.ts";
import { VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
import { MODES, POLICY_SLOTS, ROLES } from "../../db/queries/judgements.ts";
import { page } from "../answer.tsx";
import { Heading } from "../parts/heading.tsx";
import { integer } from "../parts/numbers.ts";
import { CLASS_STATES, MODEL_STATES } from "../parts/states.ts";
import { Table } from "../parts/table.tsx";
import { CAPABILITIES, CapabilityTag, Verdict } from "../parts/verdict.tsx";

const TABLES = {
  verdicts: VERDICT_KINDS,
  policies: POLICY_SLOTS,
  modes: MODES,
  roles: ROLES,
  capabilities: CAPABILITIES,
  modelStates: MODEL_STATES,
  classStates: CLASS_STATES,
  limits: LIMITS,
};

const COUNTS_AS = { success: "success", failure: "failure", unknown: "could not tell" } as const;

export const methodsPage = page<typeof TABLES>({
  path: "/methods",
  load: async () => ok(TABLES),
  title: () => "Methods",
  view: (tables) => (
    <>
      <header className="lead prose">
        <h1>How it is computed</h1>
        <p>
          A crawler fetches the pickles inside model files, not the weights. Each pickle is run symbolically, opcode by opcode, without ever
          being loaded: what it imports and calls is a fact, with the byte offset of the opcode. A policy says what loading may import and
          call. The verdict is the join of the two, so it can be made again without fetching or parsing anything.
        </p>
        <p>
          Only <Verdict verdict="loads" /> counts as success. What could not be told is never success, and is counted apart.
        </p>
      </header>
      <section aria-labelledby="counting" className="prose">
        <Heading id="counting">What is counted</Heading>
        <p>
          A model counts once, under each policy, by the worst verdict over its files of a role. The denominator is the same for every
          policy: the models whose files of that role were judged under any. A model whose files hold no pickle is in none. By downloads,
          each model counts as often as it was downloaded in the month before the survey listed it. What blocks is counted over blocked
          models, a model once for each callable.
        </p>
      </section>
      <Definitions
        id="verdict-kinds"
        title="Verdicts"
        rows={Object.entries(tables.verdicts).map(([key, row]) => ({
          key,
          name: <Verdict verdict={key as VerdictKind} />,
          meaning: row.meaning,
          more: COUNTS_AS[row.counts],
        }))}
        more="Counts as"
      />
      <Definitions id="policies" title="Policies, judged side by side" rows={labelled(tables.policies)} />
      <Definitions id="modes" title="Modes" rows={labelled(tables.modes)} />
      <Definitions id="roles" title="Weights and side files" rows={labelled(tables.roles)} />
      <Definitions
        id="capabilities"
        title="What blocked callables could do"
        rows={Object.entries(tables.capabilities).map(([key, row]) => ({
          key,
          name: <CapabilityTag capability={key as keyof typeof CAPABILITIES} />,
          meaning: row.meaning,
        }))}
      />
      <Definitions id="states" title="How far a survey comes with a model" rows={labelled(tables.modelStates)} />
      <Definitions id="class-states" title="How the search for a class policy ends" rows={labelled(tables.classStates)} />
      <Definitions
        id="limits"
        title="Limits"
        rows={Object.entries(tables.limits).map(([key, row]) => ({
          key,
          name: <code>{key}</code>,
          meaning: row.reason,
          more: `${integer(row.limit)} ${row.unit}`,
        }))}
        more="Limit"
        keyed={false}
      />
    </>
  ),
});

function labelled(table: Readonly<Record<string, { readonly label: string; readonly meaning: string }>>): Definition[] {
  return Object.entries(table).map(([key, row]) => ({ key, name: row.label, meaning: row.meaning }));
}

interface Definition {
  /** What it is called everywhere but on pages. */
  readonly key: string;
  readonly name: ReactNode;
  readonly meaning: string;
  readonly more?: string;
}

interface DefinitionsProps {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly Definition[];
  readonly more?: string;
  /** Whether the key is told: pages have words of their own, which a query or an option does not know. */
  readonly keyed?: boolean;
}

function Definitions({ id, title, rows, more, keyed = true }: DefinitionsProps) {
  return (
    <section aria-labelledby={id}>
      <Heading id={id}>{title}</Heading>
      <Table
        caption={title}
        captionHidden
        className="definitions"
        rows={rows}
        rowKey={(row) => row.key}
        columns={[
          { header: "Name", kind: "heading", cell: (row) => row.name },
          ...(keyed ? [{ header: "In exports, SQL, options", cell: (row: Definition) => <code>{row.key}</code> }] : []),
          { header: "Meaning", cell: (row) => row.meaning },
          ...(more === undefined ? [] : [{ header: more, kind: "number" as const, cell: (row: Definition) => row.more }]),
        ]}
      />
    </section>
  );
}
