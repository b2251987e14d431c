/** From the dotted name that a person gives to the class that is meant. Boundary: names only. */
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
    const unit = resolver.modules.unit(parts.slice(0, length).join("."));
    if (!unit) continue;
    const found = resolver.path(unit, parts.slice(length)).find(isMeant);
    if (found) return found;
  }
  return null;
}

/** Classes of the library whose name is the same, or almost: what was meant, when there is none of that name. */
export function findNearMisses(classes: Classes, class_: string): string[] {
  const wanted = (class_.split(".").at(-1) ?? "").toLowerCase();
  const scored = classes.libraryClasses().map((code) => ({
    name: `${code.unit.module}.${code.qualifiedName}`,
    distance: editDistance(code.name.toLowerCase(), wanted),
  }));
  const near = scored.filter(({ distance }) => distance <= Math.max(2, wanted.length / 3));
  return near
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 5)
    .map(({ name }) => name);
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
