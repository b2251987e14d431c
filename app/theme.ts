/**
 * Light or dark as the reader chose: kept in a cookie that the server reads and writes into the page, so that the switch
 * needs no script and no page flashes.
 */
import type { Page } from "./answer.tsx";

export const THEMES = { auto: { label: "as the system" }, light: { label: "light" }, dark: { label: "dark" } } as const;

export type Theme = keyof typeof THEMES;

const COOKIE = "theme";
const YEAR = 365 * 24 * 3600;

/** The theme that a request's cookies name; the system's where they name none. */
export function themeOf(cookies: string | null): Theme {
  const named = new RegExp(`(?:^|;\\s*)${COOKIE}=(\\w+)`).exec(cookies ?? "")?.[1];
  return named !== undefined && Object.hasOwn(THEMES, named) ? (named as Theme) : "auto";
}

/** Where the switch leads: it sets the cookie, and sends the reader back to where they came from. */
export const themePage: Page = {
  path: "/theme/:theme",
  formats: ["html"],
  answer: async ({ parameters: { theme = "" }, url }) => {
    const chosen = Object.hasOwn(THEMES, theme) ? theme : "auto";
    return new Response(null, {
      status: 303,
      headers: {
        location: wayBack(url),
        "set-cookie": `${COOKIE}=${chosen}; Path=/; Max-Age=${chosen === "auto" ? 0 : YEAR}; SameSite=Lax; HttpOnly`,
        "cache-control": "no-store",
      },
    });
  },
};

/** An address of this dashboard, whatever stands in the parameter: a link must not lead elsewhere through it. */
function wayBack(url: URL): string {
  const wanted = url.searchParams.get("back") ?? "/";
  if (!URL.canParse(wanted, url)) return "/";
  const back = new URL(wanted, url);
  if (back.origin !== url.origin || back.pathname.startsWith("//")) return "/";
  return back.pathname + back.search;
}
