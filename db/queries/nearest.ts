/** Which of the names that a policy allows is most like one that it does not. */

/**
 * The name that ends in the same dotted parts, as many as there are, and then begins in the same: a class that moved to
 * another module is mostly that. Null where not even the last part is the same.
 */
export function nearestName(name: string, allowed: readonly string[]): string | null {
  const parts = name.split(".");
  const likeness = (other: string) => {
    const others = other.split(".");
    const tail = commonLength(parts.toReversed(), others.toReversed());
    return tail === 0 ? 0 : tail * 1_000 + commonLength(parts, others);
  };
  const [nearest] = allowed
    .map((other) => ({ other, likeness: likeness(other) }))
    .filter((row) => row.likeness > 0)
    .sort((a, b) => b.likeness - a.likeness || (a.other < b.other ? -1 : 1));
  return nearest?.other ?? null;
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs === -1 ? a.length : differs;
}
