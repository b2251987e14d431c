/**
 * Where values come from that came from no other node. Boundary: a table; sources are negative, so that they are told from
 * nodes.
 */
import { Integers, Pairs } from "./integer-tables.ts";

/** Where a value in a node came from: another node, or (negative) an origin. */
export type Source = number;

/** Why a value is where it is, when it did not come from another node. */
export interface Origin {
  readonly kind: "argument" | "annotation" | "subclass" | "made" | "root" | "element" | "loader";
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

export class Origins {
  private readonly all: Origin[] = [];
  private readonly files = new Map<string, number>();
  private readonly places = new Pairs();
  private readonly madeAt = new Integers();

  add(origin: Origin): Source {
    return -this.all.push(origin);
  }

  /** Of what was made at a place, which is told once: most origins are such places, and are asked for again and again. */
  made(file: string, line: number): Source {
    let number = this.files.get(file);
    if (number === undefined) {
      number = this.files.size;
      this.files.set(file, number);
    }
    const place = this.places.add(number, line);
    if (place === this.madeAt.length) this.madeAt.push(this.add({ kind: "made", text: "", file, line }));
    return this.madeAt.items[place]!;
  }

  of(source: Source): Origin {
    const origin = this.all[-source - 1];
    if (!origin) throw new Error(`no origin ${source}`);
    return origin;
  }
}
