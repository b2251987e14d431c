/** Load success by library and by container. */
import type { ReactNode } from "react";
import { NONE } from "../../../db/queries/filters.ts";
import { lensPhrase, tally } from "../../../db/queries/judgements.ts";
import type { Breakdown, Group } from "../../../db/queries/success.ts";
import { Figure } from "../../parts/figure.tsx";
import { day, integer, percent } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { TallyBar } from "../../parts/verdict.tsx";
import type { FigureProps } from "./data.ts";

export function Libraries({ data: { libraries, lens, judgements, survey }, request }: FigureProps) {
  return (
    <BreakdownFigure
      id="libraries"
      breakdown={libraries}
      header="Library"
      nameless="none stated"
      unnamed="models of no stated library"
      others="other libraries"
      about={`Models by the library that the Hub names, ${lensPhrase(lens)}; ${day(survey.startedAt)}.`}
      address={(name) => request.at.modelsWith(lens, judgements, { library: name ?? NONE })}
    />
  );
}

export function Containers({ data: { containers, lens, judgements, survey }, request }: FigureProps) {
  return (
    <BreakdownFigure
      id="containers"
      breakdown={containers}
      header="Container"
      nameless="not read"
      unnamed="files that were not read"
      others="other containers"
      about={`Files by how they hold their pickles, ${lensPhrase(lens)}; ${day(survey.startedAt)}.`}
      address={(name) => (name === null ? null : request.at.modelsWith(lens, judgements, { container: name }))}
    />
  );
}

interface BreakdownProps {
  readonly id: string;
  readonly breakdown: Breakdown;
  readonly header: string;
  /** What the group without a name is called. */
  readonly nameless: string;
  /** The same, within a sentence. */
  readonly unnamed: string;
  readonly others: string;
  readonly about: string;
  address(name: string | null): string | null;
}

function BreakdownFigure({ id, breakdown, header, nameless, unnamed, others, about, address }: BreakdownProps) {
  if (breakdown.groups.length === 0)
    return (
      <Figure id={id} finding={`Load success by ${header.toLowerCase()} is not known yet`} about={about}>
        <p className="empty">Nothing was read yet.</p>
      </Figure>
    );
  const rows = breakdown.groups.map(({ name, counts }) => ({
    key: `group ${name ?? ""}`,
    label: name === null ? nameless : <Name>{name}</Name>,
    href: address(name),
    counts,
  }));
  const rest = breakdown.others;
  if (rest !== null) rows.push({ key: "others", label: `${integer(rest.groups)} ${others}`, href: null, counts: rest.counts });
  return (
    <Figure id={id} finding={finding(breakdown.groups, unnamed)} about={about}>
      <Table
        caption={`Load success by ${header.toLowerCase()}`}
        captionHidden
        className="bars narrow"
        rows={rows}
        rowKey={(row) => row.key}
        columns={[
          { header, kind: "heading", cell: (row) => (row.href === null ? row.label : <a href={row.href}>{row.label}</a>) },
          { header: "Share", kind: "bar", cell: (row) => <TallyBar tally={tally(row.counts)} /> },
          {
            header: "Load",
            kind: "number",
            cell: (row) => (
              <>
                {integer(row.counts.loads)} <span className="muted">of {integer(tally(row.counts).total)}</span>
              </>
            ),
          },
        ]}
      />
    </Figure>
  );
}

/** Groups of fewer than this share of the largest say nothing of the ecosystem, however they fare. */
const WORTH_SAYING = 0.1;

/** How the largest group fares, and, where a group of some size fares worse, how that does. */
function finding(groups: readonly Group[], unnamed: string): ReactNode {
  const largest = groups[0]!;
  const share = ({ counts }: Group) => tally(counts).loads / Math.max(1, tally(counts).total);
  const sizable = groups.filter(({ counts }) => tally(counts).total >= WORTH_SAYING * tally(largest.counts).total);
  const worst = sizable.reduce((low, group) => (share(group) < share(low) ? group : low), largest);
  const said = (group: Group) => (
    <>
      {percent(tally(group.counts).loads, tally(group.counts).total)} of {group.name === null ? unnamed : <Name>{group.name}</Name>}
    </>
  );
  return (
    <>
      {said(largest)}
      {worst !== largest && <>, but {said(worst)}</>} load
    </>
  );
}
