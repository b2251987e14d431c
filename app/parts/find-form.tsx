/** The search over everything: one box, in the header of every page. */
interface FindFormProps {
  readonly id: string;
  /** Of the page that it is on: the survey that it names is kept. */
  readonly url: URL;
}

export function FindForm({ id, url }: FindFormProps) {
  const survey = url.searchParams.get("survey");
  return (
    <search>
      <form action="/search" className="find">
        <label className="visually-hidden" htmlFor={id}>
          Find a model, author, library, class, callable or sha256
        </label>
        <input id={id} name="q" type="search" placeholder="Find by name" autoComplete="off" spellCheck={false} aria-keyshortcuts="/" />
        {survey !== null && <input type="hidden" name="survey" value={survey} />}
        <button type="submit">Find</button>
      </form>
    </search>
  );
}
