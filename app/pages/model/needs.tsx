/** What a model needs, held against what was inferred for its class: what is missing, and what is allowed beyond it. */
import { CallableLink } from "../../parts/callable-table.tsx";
import { Heading } from "../../parts/heading.tsx";
import { counted, integer } from "../../parts/numbers.ts";
import { Name } from "../../parts/text.tsx";
import type { ModelProps } from "./data.ts";

/** Names listed of each; the JSON has all. */
const LISTED = 30;

export function Needs({ data: { needs, own, weightsCallables }, request: { at } }: ModelProps) {
  if (needs === null || own === null) return null;
  const { missing, unused } = needs;
  return (
    <section aria-labelledby="needs">
      <Heading id="needs">Needed against inferred</Heading>
      <p>
        Its weights need {counted(weightsCallables, "callable")}.{" "}
        <a href={at.policy(own.policyId)}>
          <Name>{own.policy}</Name>
        </a>{" "}
        {missing.length === 0 ? "allows all that they do" : `lacks ${integer(missing.length)} of them`}, and allows{" "}
        {unused.length === 0 ? "no other" : counted(unused.length, "other")}.
      </p>
      {missing.length > 0 && (
        <ul className="columns">
          {missing.slice(0, LISTED).map(({ callableId, callable }) => (
            <li key={callableId}>
              <b>lacks</b> <CallableLink callable={{ callableId: callableId!, callable: callable! }} at={at} />
            </li>
          ))}
        </ul>
      )}
      {unused.length > 0 && (
        <details>
          <summary>
            {counted(unused.length, "name")} allowed and not needed{unused.length > LISTED && `, the first ${LISTED}`}
          </summary>
          <ul className="columns">
            {unused.slice(0, LISTED).map(({ callableId, callable }) => (
              <li key={callableId}>
                <a href={at.policyEntry(own.policyId, callableId)}>
                  <Name code>{callable}</Name>
                </a>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
