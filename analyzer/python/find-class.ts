/** From the dotted name that a person gives to the class that is meant. Boundary: names only. */
import { aliasesOf } from "./aliases.ts";
import type { Classes } from "./classes.ts";
import type { Code } from "./code.ts";
import type { Definition, Resolver } from "./resolve.ts";

/** The class of that dotted name, also by a name it is re-exported under; null if there is none. */
export function findClass(resolver: Resolver, class_: string): Code | null {
  const found = find(resolver, class_, (definition) => definition.kind === "class");
  return found?.kind === "class" ? found.code : null;
}

/** The class or function of that dotted name; null if there is none. */
export function findDefinition(resolver: Resolver, name: string): Extract<Definition, { readonly code: Code }> | null {
  const found = find(resolver, name, (definition) => definition.kind === "class" || definition.kind === "function");
  return found?.kind === "class" || found?.kind === "function" ? found : null;
}

function find(resolver: Resolver, name: string, isMeant: (definition: Definition) => boolean): Definition | null {
  const parts = name.split(".");
  for (let length = parts.length - 1; length > 0; length--) {
    const unit = resolver.unit(parts.slice(0, length).join("."));
    if (!unit) continue;
    const found = resolver.path(unit, parts.slice(length)).find(isMeant);
    if (found) return found;
  }
  return null;
}

/**
 * Classes of the library whose name is the same, or else almost: what was meant, when there is none of that name. Each under the likeliest
 * of its names, the likeliest class first.
 */
export function findNearMisses(classes: Classes, class_: string): string[] {
  const wanted = (class_.split(".").at(-1) ?? "").toLowerCase();
  const scored = classes.libraryClasses().map((code) => ({ code, distance: editDistance(code.name.toLowerCase(), wanted) }));
  const near = scored.filter(({ distance }) => distance < wanted.length && distance <= Math.max(2, wanted.length / 3));
  const isSame = near.some(({ distance }) => distance === 0);
  const meant = new Map(near.flatMap(({ code, distance }) => (isSame && distance > 0 ? [] : [[code, distance] as const])));
  const names = new Map([...meant.keys()].map((code) => [code, [`${code.unit.module}.${code.qualifiedName}`]]));
  for (const { name, code } of aliasesOf(classes.resolver, new Set(meant.keys()))) names.get(code)?.push(name);
  const likeliest = [...names].map(([code, each]) => ({
    distance: meant.get(code)!,
    ...each.map(likenessTo(class_)).sort(byLikeness)[0]!,
  }));
  return likeliest
    .sort((a, b) => a.distance - b.distance || byLikeness(a, b))
    .slice(0, 5)
    .map(({ name }) => name);
}

interface Likeness {
  readonly name: string;
  /** What speaks against the name, the weightiest first. */
  readonly against: readonly number[];
}

/** A name that has every part of the one asked for in its order is the likeliest, then one that is public, then the shortest. */
function likenessTo(asked: string): (name: string) => Likeness {
  const wanted = asked.split(".");
  return (name) => {
    const parts = name.split(".");
    let found = 0;
    for (const part of parts) if (part === wanted[found]) found++;
    const isPrivate = parts.some((part) => part.startsWith("_"));
    const isOtherCase = parts.at(-1) !== wanted.at(-1);
    return { name, against: [wanted.length - found, Number(isOtherCase), Number(isPrivate), parts.length] };
  };
}

function byLikeness(a: Likeness, b: Likeness): number {
  const difference = a.against.map((count, index) => count - b.against[index]!).find((each) => each !== 0);
  return difference ?? (a.name < b.name ? -1 : 1);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
