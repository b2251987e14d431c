/** A box to search a list with: a form that needs no script, and keeps what else the address asks for. */
interface SearchFormProps {
  /** Of the page that it is on: the survey that it names is kept. */
  readonly url: URL;
  /** The path that answers. */
  readonly action: string;
  readonly label: string;
  readonly q: string;
  /** Other parameters that are to stay. */
  readonly kept?: URLSearchParams;
}

export function SearchForm({ url, action, label, q, kept }: SearchFormProps) {
  const survey = url.searchParams.get("survey");
  const hidden = [...(kept ?? []), ...(survey === null ? [] : [["survey", survey] as const])];
  return (
    <search>
      <form action={action} className="find large">
        <label htmlFor="q">{label}</label>
        <input id="q" name="q" type="search" defaultValue={q} autoComplete="off" spellCheck={false} />
        {hidden.map(([name, value]) => (
          <input key={`${name} ${value}`} type="hidden" name={name} value={value} />
        ))}
        <button type="submit">Search</button>
      </form>
    </search>
  );
}
