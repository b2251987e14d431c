/** What has to be said before anything else: that the numbers are of a survey that is still running, or not the latest. */
import type { ReactNode } from "react";
import type { Survey } from "../../db/queries/surveys.ts";
import type { Addresses } from "../addresses.ts";
import { day } from "./numbers.ts";
import { Name } from "./text.tsx";

interface SurveyNoticeProps {
  readonly survey: Survey | null;
  readonly later: Survey | null;
  readonly at: Addresses;
}

/** A survey without an end is either under way or was interrupted: the store cannot tell, so neither is claimed. */
export function SurveyNotice({ survey, later, at }: SurveyNoticeProps) {
  if (survey !== null && survey.finishedAt === null)
    return (
      <Notice>
        Survey <Name>{survey.name}</Name> has not finished: every number here is of what it has reached so far.{" "}
        <a href={at.at("/surveys")}>How far it has come</a>
      </Notice>
    );
  if (survey !== null && later !== null)
    return (
      <Notice>
        These are the numbers of {day(survey.startedAt)}. A later survey, <Name>{later.name}</Name>,{" "}
        {later.finishedAt === null ? (
          <>
            has not finished yet. <a href={at.at("/surveys")}>How far it has come</a>
          </>
        ) : (
          <>
            was begun on {day(later.startedAt)}. <a href={at.inSurvey(later.name)}>Its overview</a>,{" "}
            <a href={at.comparison(survey.name, later.name)}>what has changed</a>
          </>
        )}
      </Notice>
    );
  return null;
}

export function Notice({ children }: { readonly children: ReactNode }) {
  return (
    <aside className="notice" aria-label="Notice">
      <p>{children}</p>
    </aside>
  );
}
