/** Who asks, and what they may see: the Hub's rules for tokens, and for private, gated, disabled, renamed and missing repositories. */
import type { Catalogue } from "./catalogue.ts";
import { type Answer, encodePath, errorAnswer, type HubRequest, redirectAnswer } from "./http.ts";
import type { Plan } from "./rate-limit.ts";
import type { Repository } from "./repositories.ts";

/** Someone with a token. */
export interface Account {
  readonly plan?: Plan;
  /** Private repositories that are theirs to see, and gated ones that they were let into. */
  readonly access?: readonly string[];
}

/** By token. */
export type Accounts = Readonly<Record<string, Account>>;

/** Null: without a token. */
export type Viewer = Account | null;

/** The token of a request, or null. */
export function tokenOf(request: HubRequest): string | null {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
}

/** Who asks; 401 for a token that is nobody's. */
export type Identity = { readonly viewer: Viewer } | { readonly refusal: Answer };

export function identify(accounts: Accounts, request: HubRequest): Identity {
  const token = tokenOf(request);
  if (token === null) return { viewer: null };
  const viewer = Object.hasOwn(accounts, token) ? accounts[token] : undefined;
  return viewer === undefined ? { refusal: errorAnswer(401, null, "Invalid credentials in Authorization header") } : { viewer };
}

/** Whether a repository is listed for the viewer. */
export function sees(viewer: Viewer, repository: Repository): boolean {
  return !repository.metadata.private || hasAccess(viewer, repository);
}

/** The repository, or what the Hub answers instead. `path` is the address asked for, with which a rename redirects. */
export function lookUp(catalogue: Catalogue, viewer: Viewer, id: string, path: string): { repository: Repository } | { refusal: Answer } {
  const repository = catalogue.find(id);
  const name = repository === undefined ? catalogue.renamedTo(id) : undefined;
  if (name !== undefined) return { refusal: redirectAnswer(307, path.replace(encodePath(id), encodePath(name))) };
  if (repository === undefined || !sees(viewer, repository)) return { refusal: notFound(viewer) };
  if (repository.metadata.disabled) return { refusal: errorAnswer(403, null, "Access to this resource is disabled.") };
  return { repository };
}

/** Refuses the bytes of a gated repository to those who were not let in; its listing and tree are everybody's. */
export function refuseGated(viewer: Viewer, repository: Repository): Answer | null {
  if (repository.metadata.gated === false || hasAccess(viewer, repository)) return null;
  const restricted = `Access to model ${repository.id} is restricted`;
  return viewer === null
    ? errorAnswer(401, "GatedRepo", `${restricted}. You must have access to it and be authenticated to access it. Please log in.`)
    : errorAnswer(403, "GatedRepo", `${restricted} and you are not in the authorized list. Visit the model's page to ask for access.`);
}

/** The Hub does not tell the anonymous whether a repository is missing or hidden from them. */
function notFound(viewer: Viewer): Answer {
  return viewer === null
    ? errorAnswer(401, "RepoNotFound", "Invalid username or password.")
    : errorAnswer(404, "RepoNotFound", "Repository not found");
}

function hasAccess(viewer: Viewer, repository: Repository): boolean {
  return viewer?.access?.includes(repository.id) ?? false;
}
