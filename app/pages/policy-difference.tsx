/** Two policies side by side: what the one allows and the other does not, mostly of one class from two releases of its library. */
import { diffPolicies, type PolicyDifference } from "../../analyzer/policy/compare.ts";
import type { PolicyEntry } from "../../analyzer/policy/policy.ts";
import { failed, ok } from "../../analyzer/result.ts";
import { findPolicy, type PolicySummary } from "../../db/queries/policies.ts";
import { readPolicy } from "../../db/stored-policy.ts";
import { page } from "../answer.tsx";
import { Heading } from "../parts/heading.tsx";
import { counted } from "../parts/numbers.ts";
import { Name, plainName } from "../parts/text.tsx";

interface DifferenceData {
  readonly before: PolicySummary;
  readonly after: PolicySummary;
  readonly difference: PolicyDifference;
}

const names = (entries: readonly PolicyEntry[]) => entries.map(({ callable }) => callable);

const SECTIONS = [
  { id: "imports-added", title: "May be imported now", namesIn: ({ imports }: PolicyDifference) => names(imports.added) },
  { id: "imports-removed", title: "May be imported no more", namesIn: ({ imports }: PolicyDifference) => names(imports.removed) },
  { id: "calls-added", title: "May be called now", namesIn: ({ calls }: PolicyDifference) => names(calls.added) },
  { id: "calls-removed", title: "May be called no more", namesIn: ({ calls }: PolicyDifference) => names(calls.removed) },
] as const;

/** Names shown of each list; the JSON has all. */
const SHOWN = 200;

export const policyDifferencePage = page<DifferenceData>({
  path: "/policies/:before/against/:after",
  load: async ({ store, parameters }) => {
    const [before, after] = await Promise.all(
      [parameters.before!, parameters.after!].map((id) => (/^\d{1,15}$/.test(id) ? findPolicy(store, Number(id)) : null)),
    );
    if (!before || !after) return failed({ kind: "not-found", message: "There is no policy of this number." });
    const [left, right] = await Promise.all([readPolicy(store, before.policyId), readPolicy(store, after.policyId)]);
    return ok({ before, after, difference: diffPolicies(left, right) });
  },
  title: ({ before, after }) => plainName(`${before.name} against ${after.name}`),
  view: ({ before, after, difference }, { at }) => (
    <>
      <header className="lead">
        <p className="breadcrumb">
          <a href={at.at("/policies")}>Policies</a>
        </p>
        <h1>
          <Name>{after.name}</Name> against <Name>{before.name}</Name>
        </h1>
        <p>
          From <a href={at.policy(before.policyId)}>the one</a> to <a href={at.policy(after.policyId)}>the other</a>.
        </p>
      </header>
      <div className="pair">
        {SECTIONS.map(({ id, title, namesIn }) => {
          const found = namesIn(difference);
          return (
            <section key={id} aria-labelledby={id}>
              <Heading id={id}>
                {title}: {counted(found.length, "name")}
              </Heading>
              {found.length === 0 ? (
                <p className="empty">None.</p>
              ) : (
                <ul>
                  {found.slice(0, SHOWN).map((name) => (
                    <li key={name}>
                      <Name code>{name}</Name>
                    </li>
                  ))}
                </ul>
              )}
              {found.length > SHOWN && <p className="muted">and {counted(found.length - SHOWN, "more")}, in this page’s JSON</p>}
            </section>
          );
        })}
      </div>
    </>
  ),
});
