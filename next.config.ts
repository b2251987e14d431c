/** How the dashboard is built and served: security headers for every answer, the SQLite binding left out of the bundle. */
import type { NextConfig } from "next";

/** Pages are static markup with one script of our own: nothing from elsewhere, nothing inline, no frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = [
  { key: "Content-Security-Policy", value: CONTENT_SECURITY_POLICY },
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "Referrer-Policy", value: "no-referrer" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
];

export default {
  headers: async () => [{ source: "/:path*", headers: HEADERS }],
  poweredByHeader: false,
  serverExternalPackages: ["better-sqlite3"],
  // `npm run check` checks them, all rooms together; a fault elsewhere must not keep the dashboard from starting.
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: import.meta.dirname },
} satisfies NextConfig;
