/** The headline: what each policy says of a model, weights before side files, and where none says anything, why. */
import type { ReactNode } from "react";
import { VERDICT_KINDS, type VerdictKind } from "../../../analyzer/verdict/verdict.ts";
import { firstBlocked, isBlockedUnder } from "../../../db/queries/evidence.ts";
import { type Judgement, type Lens, lensPhrase, POLICY_SLOTS, ROLES } from "../../../db/queries/judgements.ts";
import type { JudgedModel } from "../../../db/queries/model.ts";
import { Heading } from "../../parts/heading.tsx";
import { judgementLabel } from "../../parts/lens.tsx";
import { counted, integer } from "../../parts/numbers.ts";
import { CLASS_STATES, MODEL_STATES } from "../../parts/states.ts";
import { Name } from "../../parts/text.tsx";
import { VerdictIcon } from "../../parts/verdict.tsx";
import type { ModelData, ModelProps } from "./data.ts";
import { evidenceId } from "./evidence.tsx";

/** What the page says in one sentence: `Blocked under torch’s weights-only: 2 of 14 callables are outside the policy.` */
export function modelHeadline({ model, judged, evidence, files, weightsCallables }: ModelData): string {
  const first = judged.find(({ role }) => role === "weights");
  if (first === undefined) return MODEL_STATES[model.state].meaning;
  const { label, meaning } = VERDICT_KINDS[first.verdict];
  const said = `${label[0]!.toUpperCase()}${label.slice(1)} ${lensPhrase(first)}`;
  if (first.verdict !== "blocked") return `${said}. ${meaning}`;
  const outside = evidence.filter(({ callableId, places }) => callableId !== null && places.some(isBlockedUnder(first, files))).length;
  if (outside === 0) return `${said}: the loader does not take all of its opcodes.`;
  return `${said}: ${integer(outside)} of ${counted(weightsCallables, "callable")} ${outside === 1 ? "is" : "are"} outside the policy.`;
}

export function Verdicts({ data, request }: ModelProps) {
  const { judged, judgements, model } = data;
  if (judged.length === 0) return null;
  // One card a slot, however many modes it is judged in.
  const missing = judgements
    .filter(({ slot }, index) => judgements.findIndex((other) => other.slot === slot) === index)
    .filter(({ slot }) => !judged.some((known) => known.slot === slot && known.role === "weights"));
  return (
    <section aria-labelledby="verdicts">
      <Heading id="verdicts">Verdicts</Heading>
      <ul className="verdicts">
        {judged.map((judgement) => (
          <Card
            key={`${judgement.role} ${judgement.slot} ${judgement.mode}`}
            lens={judgement}
            verdict={judgement.verdict}
            judgements={judgements}
          >
            <p>
              <Because judgement={judgement} data={data} request={request} />
            </p>
            <p className="by">
              <a href={request.at.policy(judgement.policyId)}>
                <Name>{judgement.policy}</Name>
              </a>
            </p>
          </Card>
        ))}
        {missing.map((judgement) => (
          <Card key={judgement.slot} lens={{ ...judgement, role: "weights" }} verdict="none" judgements={[judgement]}>
            <p>
              {judgement.slot === "observed"
                ? "The survey has no other model of its class or library."
                : model.classState === null || model.classState === "inferred"
                  ? "Not judged."
                  : CLASS_STATES[model.classState].meaning}
            </p>
          </Card>
        ))}
      </ul>
    </section>
  );
}

interface CardProps {
  readonly lens: Lens;
  readonly verdict: VerdictKind | "none";
  /** Those that the lens is to be told apart from. */
  readonly judgements: readonly Judgement[];
  readonly children: ReactNode;
}

function Card({ lens, verdict, judgements, children }: CardProps) {
  const counts = verdict === "none" ? "unknown" : VERDICT_KINDS[verdict].counts;
  return (
    <li className={`card verdict-card-${counts}`}>
      <p className="of">
        {ROLES[lens.role].label} · <span title={POLICY_SLOTS[lens.slot].meaning}>{judgementLabel(lens, judgements)}</span>
      </p>
      <p className="word">
        <VerdictIcon verdict={verdict} />
        {verdict === "none" ? "no verdict" : VERDICT_KINDS[verdict].label}
      </p>
      {children}
    </li>
  );
}

/** Why, in a sentence that leads to the evidence. */
function Because({ judgement, data, request }: ModelProps & { readonly judgement: JudgedModel }) {
  const files = data.files.filter((file) => file.role === judgement.role);
  if (judgement.verdict === "loads")
    return `Every import and call of ${files.length === 1 ? "its file" : `its ${counted(files.length, "file")}`} is inside the policy.`;
  if (judgement.verdict === "blocked") return <BlockedBy judgement={judgement} data={data} request={request} />;
  const told = files.flatMap(({ verdicts }) =>
    verdicts.filter(
      ({ verdict, policyId, message }) => verdict === judgement.verdict && policyId === judgement.policyId && message !== null,
    ),
  );
  return told.length > 0 ? <Name>{told[0]!.message!}</Name> : VERDICT_KINDS[judgement.verdict].meaning;
}

function BlockedBy({ judgement, data, request }: ModelProps & { readonly judgement: JudgedModel }) {
  const first = firstBlocked(data.evidence, data.files, judgement);
  if (first === null) return VERDICT_KINDS.blocked.meaning;
  const { found, place, others } = first;
  const shown = data.shownEvidence.rows.some((row) => row.callableId === found.callableId && evidenceId(row) === evidenceId(found));
  const href = shown
    ? `#${evidenceId(found)}`
    : request.at.modelPart(data.model.name, "evidence", data.evidence.indexOf(found) + 1, `#${evidenceId(found)}`);
  return (
    <>
      <a href={href}>
        {found.callable === null ? place.opcode : <Name code>{found.callable}</Name>} at byte {integer(place.offset)}
      </a>
      {others > 0 && `, and ${integer(others)} more`}.
    </>
  );
}
