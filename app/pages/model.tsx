/** A model: what each policy says of it, and the evidence down to the byte. */
import { surveyPage } from "../answer.tsx";
import { Heading } from "../parts/heading.tsx";
import { compact, day, minute } from "../parts/numbers.ts";
import { CLASS_STATES, MODEL_STATES } from "../parts/states.ts";
import { Name, plainName } from "../parts/text.tsx";
import { History, UsedCallables } from "./model/callables.tsx";
import { Candidates } from "./model/candidates.tsx";
import { type ModelData, type ModelProps, readModel } from "./model/data.ts";
import { EvidenceList } from "./model/evidence.tsx";
import { Files } from "./model/files.tsx";
import { HubScans } from "./model/hub-scan.tsx";
import { Needs } from "./model/needs.tsx";
import { modelHeadline, Verdicts } from "./model/verdicts.tsx";

export const modelPage = surveyPage<ModelData>({
  path: "/models/*name",
  load: readModel,
  title: ({ model }) => plainName(model.name),
  description: modelHeadline,
  verdict: ({ judged }) => judged.find(({ role }) => role === "weights")?.verdict ?? null,
  view: (data, request) => <ModelView data={data} request={request} />,
});

function ModelView({ data, request }: ModelProps) {
  const { model } = data;
  return (
    <>
      <header className="lead">
        <p className="breadcrumb">
          <a href={request.at.at("/models")}>Models</a>
        </p>
        <h1>
          <Name>{model.name}</Name>
        </h1>
        <p className="headline">{modelHeadline(data)}</p>
        <Facts data={data} request={request} />
      </header>
      {model.state !== "judged" && (
        <section className="notice" aria-label="State">
          <p>
            <b>{MODEL_STATES[model.state].label}</b>: {MODEL_STATES[model.state].meaning}{" "}
            {model.failure !== null && <Name>{model.failure}</Name>}
          </p>
        </section>
      )}
      <Verdicts data={data} request={request} />
      <EvidenceList data={data} request={request} />
      <Files data={data} request={request} />
      <HubScans data={data} request={request} />
      <ClassSection data={data} request={request} />
      <Needs data={data} request={request} />
      <UsedCallables data={data} request={request} />
      <History data={data} request={request} />
    </>
  );
}

function Facts({ data: { model, hub, survey }, request: { at } }: ModelProps) {
  return (
    <ul className="facts">
      {model.library !== null && (
        <li>
          <a href={at.library(model.library)}>
            <Name>{model.library}</Name>
          </a>
        </li>
      )}
      {model.task !== null && (
        <li>
          <Name>{model.task}</Name>
        </li>
      )}
      <li title={String(model.downloads)}>
        {compact(model.downloads)} {model.downloads === 1 ? "download" : "downloads"} a month
      </li>
      <li>
        {compact(model.likes)} {model.likes === 1 ? "like" : "likes"}
      </li>
      {model.modifiedAt !== null && <li>changed {day(model.modifiedAt)}</li>}
      <li>surveyed {minute(survey.startedAt)}</li>
      {hub !== null && (
        <li>
          <a href={hub} rel="noreferrer">
            on the Hub at <code>{model.commitSha === "" ? "main" : model.commitSha.slice(0, 8)}</code>
          </a>
        </li>
      )}
    </ul>
  );
}

function ClassSection({ data: { model, judged, candidates }, request }: ModelProps) {
  const policies = [
    ...new Map(judged.filter(({ slot }) => slot.startsWith("class")).map((judgement) => [judgement.policyId, judgement])).values(),
  ];
  return (
    <section aria-labelledby="class">
      <Heading id="class">The class it loads as</Heading>
      <p>
        {model.class === null ? "None was found" : <a href={request.at.class(model.class)}>{<Name code>{model.class}</Name>}</a>}
        {model.classReason !== null && (
          <>
            : <Name>{model.classReason}</Name>
          </>
        )}
        .
      </p>
      {model.classState !== null && model.classState !== "inferred" && <p className="muted">{CLASS_STATES[model.classState].meaning}</p>}
      {policies.length > 0 && (
        <ul>
          {policies.map(({ policyId, policy }) => (
            <li key={policyId}>
              <a href={request.at.policy(policyId)}>
                <Name>{policy}</Name>
              </a>
            </li>
          ))}
        </ul>
      )}
      {candidates.length > 1 && <Candidates candidates={candidates} at={request.at} />}
    </section>
  );
}
