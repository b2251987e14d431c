/** The pictures that stand beside a link to a page (Open Graph): one for each verdict, and one of the census. */
import { VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
import { failure, type Page } from "../answer.tsx";
import { lines } from "../figures/picture.tsx";
import { picture } from "../picture.ts";

const CENSUS = "census";
const CARDS = [...(Object.keys(VERDICT_KINDS) as VerdictKind[]), CENSUS] as const;

/** The sizes that those who show links ask for. */
const WIDTH = 1_200;
const HEIGHT = 630;
/** Characters of the meaning that a line holds. */
const LINE = 58;

const COLOURS = { success: "#009e73", failure: "#d55e00", unknown: "#75756f" } as const;
const FONT = "system-ui, 'DejaVu Sans', 'Liberation Sans', Arial, sans-serif";

/** Where the card of a verdict is; without one, that of the census. */
export function cardAddress(verdict: VerdictKind | null): string {
  return `/cards/${verdict ?? CENSUS}.png`;
}

export const cardPage: Page = {
  path: "/cards/:name",
  formats: ["svg", "png"],
  answer: async (request) => {
    const name = CARDS.find((card) => card === request.parameters.name);
    if (name === undefined) return failure(request, { kind: "not-found", message: "There is no card of this name." });
    return picture(<Card name={name} />, request.format === "png" ? "png" : "svg", name, 1);
  },
};

function Card({ name }: { readonly name: (typeof CARDS)[number] }) {
  const kind = name === CENSUS ? null : VERDICT_KINDS[name];
  const [title, line] =
    kind === null ? ["What of the Hub loads safely?", "Verdicts with evidence, down to the opcode"] : [kind.label, kind.meaning];
  return (
    <svg xmlns="http://www.w3.org/2000/svg" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} fontFamily={FONT} role="img">
      <title>{title}</title>
      <rect width={WIDTH} height={HEIGHT} fill="#fbfaf5" />
      <rect width={WIDTH} height="28" fill={COLOURS[kind?.counts ?? "success"]} />
      <text x="80" y="150" fontSize="44" fill="#565d52">
        Pickle <tspan fontWeight="700">Census</tspan>
      </text>
      <text x="80" y="350" fontSize={kind === null ? 68 : 120} fontWeight="700" fill="#1d211b">
        {title}
      </text>
      {lines(line, LINE).map((part, index) => (
        <text key={part} x="80" y={430 + 46 * index} fontSize="34" fill="#565d52">
          {part}
        </text>
      ))}
    </svg>
  );
}
