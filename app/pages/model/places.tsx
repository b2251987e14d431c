/** The places of a blocked callable, each with the policies that block it there and their reasons. */
import type { Mode } from "../../../analyzer/verdict/verdict.ts";
import type { Evidence, Place } from "../../../db/queries/evidence.ts";
import { counted, integer } from "../../parts/numbers.ts";
import { Name, plainName } from "../../parts/text.tsx";
import type { ModelProps } from "./data.ts";

/** Places of one callable that are listed; the research table has them all. */
const LISTED = 6;

/** `id` is the fragment of the evidence: places in the pickle that is shown lead to their opcode. */
export function Places({ found: { places }, id, data, request }: ModelProps & { readonly found: Evidence; readonly id: string }) {
  const shown = places[0]!.pickleId;
  return (
    <ul className="places">
      {places.slice(0, LISTED).map((place) => {
        const where = (
          <>
            <code>{place.opcode}</code> at byte {integer(place.offset)}
          </>
        );
        return (
          <li key={`${place.fileId} ${place.pickleId} ${place.offset} ${place.opcode}`}>
            <span data-copy={placeName(place)}>
              {place.pickleId === shown ? <a href={`#${id}-${place.offset}`}>{where}</a> : where} of <FileEntry place={place} />
            </span>
            {againstOf(place).map((against) => (
              <Against key={`${against.policyId} ${against.reason}`} against={against} data={data} request={request} />
            ))}
          </li>
        );
      })}
      {places.length > LISTED && <li className="muted">and {counted(places.length - LISTED, "more place")}</li>}
    </ul>
  );
}

/** A file, and the entry of it that holds the pickle. */
export function FileEntry({ place: { path, entry } }: { readonly place: Pick<Place, "path" | "entry"> }) {
  return (
    <>
      <Name code>{path}</Name>
      {entry !== null && (
        <>
          , entry <Name code>{entry}</Name>
        </>
      )}
    </>
  );
}

/** `file:offset`, with the archive's entry between them: how other tools name a place. */
function placeName({ path, entry, offset }: Place): string {
  return `${plainName(path)}:${entry === null ? "" : `${plainName(entry)}:`}${offset}`;
}

interface PolicyAgainst {
  readonly policyId: number;
  readonly reason: string;
  readonly count: number;
  readonly modes: readonly Mode[];
}

/** Who blocks it and why, with the modes of a policy together: mostly both say the same. */
function againstOf({ blockedBy }: Place): PolicyAgainst[] {
  const against = new Map<string, PolicyAgainst>();
  for (const { policyId, mode, reason, count } of blockedBy) {
    const key = `${policyId} ${reason}`;
    against.set(key, { policyId, reason, count, modes: [...(against.get(key)?.modes ?? []), mode] });
  }
  return [...against.values()];
}

function Against({ against: { policyId, reason, count, modes }, data, request }: ModelProps & { readonly against: PolicyAgainst }) {
  const { policy } = data.judged.find((judgement) => judgement.policyId === policyId)!;
  return (
    <span className="against">
      <a href={request.at.policy(policyId)}>
        <Name>{policy}</Name>
      </a>
      {modes.length === 1 && modes[0] === "lazy" && " (lazy)"}: <Name>{reason}</Name>
      {count > 1 && `, ${counted(count, "time")}`}
    </span>
  );
}
