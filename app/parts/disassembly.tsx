/** The opcodes around a place of a pickle, with what is blocked there marked. */
import type { DisassemblyLine } from "../disassembly.ts";
import { integer } from "./numbers.ts";
import { Name } from "./text.tsx";

interface DisassemblyProps {
  /** Where the program lies, for the caption and for permanent links. */
  readonly title: string;
  readonly id: string;
  readonly lines: readonly DisassemblyLine[];
  /** Offsets of the opcodes that are blocked. */
  readonly marked: readonly number[];
}

export function Disassembly({ title, id, lines, marked }: DisassemblyProps) {
  return (
    <section className="disassembly" aria-label={title}>
      <table>
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">Offset</th>
            <th scope="col">Opcode</th>
            <th scope="col">Argument</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ offset, opcode, argument }) => {
            const blocked = marked.includes(offset);
            return (
              <tr key={offset} id={`${id}-${offset}`} className={blocked ? "marked" : undefined}>
                <td className="offset">
                  <a href={`#${id}-${offset}`}>{integer(offset)}</a>
                </td>
                <td>
                  {opcode}
                  {blocked && <span className="mark">blocked</span>}
                </td>
                <td>{argument !== null && <Name code>{argument}</Name>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
