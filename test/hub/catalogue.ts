/**
 * All repositories of the loopback Hub, found by name and listed a page at a time in the Hub's orders. Who may see what
 * is `access.ts`'s.
 */
import { allTags, authorOf, commit, type Files, type Repository, type RepositoryMetadata } from "./repositories.ts";

/** Repositories made when asked for, so that a million of them are not held in memory. */
export interface Population {
  readonly length: number;
  at(index: number): Repository;
  indexOf(id: string): number | undefined;
}

export interface ListQuery {
  readonly author?: string;
  /** Part of the name, in any case. */
  readonly search?: string;
  readonly pipelineTag?: string;
  /** Tags, of which a model has to have every one. */
  readonly filters: readonly string[];
  readonly sort: Sort;
  readonly ascending: boolean;
  readonly limit: number;
  readonly cursor?: Cursor;
}

/** The place behind a repository in an order: as the Hub's cursors say it, the values it is sorted by. */
export interface Cursor {
  readonly value: number | null;
  readonly hubId: string;
}

/** What can be sorted by; repositories of the same value follow each other by `_id`. */
export const SORTS = {
  createdAt: (repository) => Date.parse(repository.metadata.createdAt),
  lastModified: (repository) => Date.parse(repository.metadata.lastModified),
  downloads: (repository) => repository.metadata.downloads,
  likes: (repository) => repository.metadata.likes,
  trendingScore: (repository) => repository.metadata.likes,
  id: () => null,
} satisfies Record<string, (repository: Repository) => number | null>;

export type Sort = keyof typeof SORTS;

/** A repository, or the index in the population of one that is made when asked for. */
type Entry = Repository | number;
interface Place extends Cursor {
  readonly entry: Entry;
}

export class Catalogue {
  readonly #population: Population | undefined;
  readonly #held = new Map<string, Repository>();
  readonly #removed = new Set<string>();
  readonly #names = new Map<string, string>();
  readonly #orders = new Map<string, readonly Place[]>();

  constructor(repositories: Iterable<Repository>, population?: Population) {
    this.#population = population;
    for (const repository of repositories) this.#held.set(repository.id, repository);
  }

  find(id: string): Repository | undefined {
    const held = this.#held.get(id);
    if (held !== undefined || this.#removed.has(id)) return held;
    const index = this.#population?.indexOf(id);
    return index === undefined ? undefined : this.#population?.at(index);
  }

  /** The name under which a renamed repository is found now. */
  renamedTo(id: string): string | undefined {
    const next = this.#names.get(id);
    return next === undefined ? undefined : (this.renamedTo(next) ?? next);
  }

  /** Adds a repository, or puts it in the place of the one with its name. */
  put(repository: Repository): void {
    this.#held.set(repository.id, repository);
    this.#names.delete(repository.id);
    this.#removed.delete(repository.id);
    this.#orders.clear();
  }

  /** Deletes a repository, leaving nothing behind. */
  remove(id: string): void {
    this.#held.delete(id);
    this.#removed.add(id);
    this.#orders.clear();
  }

  /** Gives a repository another name; the old one leads to it. */
  rename(from: string, to: string): void {
    const repository = this.#existing(from);
    this.remove(from);
    this.put({ ...repository, id: to });
    this.#names.set(from, to);
  }

  /** Commits to a repository: its sha moves, and the commit before stays to be had. */
  commit(id: string, files: Readonly<Record<string, Files[string] | null>>, metadata: Partial<RepositoryMetadata> = {}): Repository {
    const next = commit(this.#existing(id), files, metadata);
    this.put(next);
    return next;
  }

  /** One page of those that `sees` lets pass, and where the next page begins; null behind the last. */
  list(query: ListQuery, sees: (repository: Repository) => boolean): { page: Repository[]; next: Cursor | null } {
    const places = this.#order(query);
    const page: Repository[] = [];
    let last: Place | undefined;
    for (let at = query.cursor === undefined ? 0 : firstAfter(places, query.cursor, query.ascending); at < places.length; at++) {
      const repository = this.#open((places[at] as Place).entry);
      if (!sees(repository)) continue;
      if (page.length === query.limit) return { page, next: { value: last?.value ?? null, hubId: last?.hubId ?? "" } };
      last = places[at];
      page.push(repository);
    }
    return { page, next: null };
  }

  #existing(id: string): Repository {
    const repository = this.find(id);
    if (repository === undefined) throw new Error(`the loopback Hub has no repository ${id}`);
    return repository;
  }

  #open(entry: Entry): Repository {
    return typeof entry === "number" ? (this.#population as Population).at(entry) : entry;
  }

  #order(query: ListQuery): readonly Place[] {
    const { cursor: _, limit: __, ...order } = query;
    const key = JSON.stringify(order);
    let places = this.#orders.get(key);
    if (places === undefined) {
      places = [...this.#matching(query)].sort((a, b) => compare(a, b, query.ascending));
      this.#orders.set(key, places);
    }
    return places;
  }

  *#matching(query: ListQuery): Generator<Place> {
    for (const repository of this.#held.values()) {
      if (matches(repository, query)) yield { value: SORTS[query.sort](repository), hubId: repository.hubId, entry: repository };
    }
    for (let index = 0; index < (this.#population?.length ?? 0); index++) {
      const repository = this.#open(index);
      if (this.#held.has(repository.id) || this.#removed.has(repository.id) || !matches(repository, query)) continue;
      yield { value: SORTS[query.sort](repository), hubId: repository.hubId, entry: index };
    }
  }
}

function matches(repository: Repository, query: ListQuery): boolean {
  const { id, metadata } = repository;
  if (query.author !== undefined && authorOf(id)?.toLowerCase() !== query.author.toLowerCase()) return false;
  if (query.search !== undefined && !id.toLowerCase().includes(query.search.toLowerCase())) return false;
  if (query.pipelineTag !== undefined && metadata.pipeline_tag !== query.pipelineTag) return false;
  if (query.filters.length === 0) return true;
  const tags = allTags(metadata);
  return query.filters.every((filter) => tags.includes(filter));
}

function compare(a: Cursor, b: Cursor, ascending: boolean): number {
  const byValue = (a.value ?? 0) - (b.value ?? 0);
  if (byValue !== 0) return ascending ? byValue : -byValue;
  return a.hubId < b.hubId ? -1 : a.hubId > b.hubId ? 1 : 0;
}

/** The index of the first place behind `cursor`, which need not be in the order any more. */
function firstAfter(places: readonly Place[], cursor: Cursor, ascending: boolean): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(places[middle] as Place, cursor, ascending) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
