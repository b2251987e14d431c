import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ok } from "../../analyzer/result.ts";
import type { HttpRequest } from "../../crawler/http.ts";
import { challenge, redirectLoop, tooManyRequests, tooManyRequestsUnexplained } from "../hub/faults.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { makeRepository } from "../hub/repositories.ts";
import { testHttp } from "./virtual-network.ts";

let hub: Hub;
beforeEach(async () => {
  hub = await startHub({ repositories: [makeRepository("acme/one", { "config.json": "{}" })], accounts: { secret: {} } });
});
afterEach(() => hub.close());

function get(path: string, changes: Partial<HttpRequest<string>> = {}): HttpRequest<string> {
  return { url: new URL(path, hub.url), accept: () => ok(100_000), read: ({ body }) => ok(new TextDecoder().decode(body)), ...changes };
}
const CONFIG = "/acme/one/resolve/main/config.json";

describe("a request", () => {
  test("says who asks, and counts what it costs", async () => {
    const { http } = testHttp(hub.url);
    expect(await http.send(get(CONFIG))).toEqual({ ok: true, value: "{}" });
    expect(http.spent).toEqual({ requests: 1, bytesRead: 2 });
    expect(hub.log[0]).toMatchObject({ userAgent: "picklecensus-test", authorization: undefined });
  });

  test("carries the token to the Hub's origin, and to no other that it is redirected to", async () => {
    const { http } = testHttp(hub.url, { token: "secret" });
    hub.faults.add({ origin: "api", fault: { kind: "redirect", to: `${hub.fileHost}/elsewhere` } });
    await http.send(get(CONFIG));
    expect(hub.log.map(({ origin, authorization }) => [origin, authorization])).toEqual([
      ["api", "Bearer secret"],
      ["files", undefined],
    ]);
  });

  test("is refused a body that is larger than wanted, without reading on", async () => {
    const { http, retries } = testHttp(hub.url);
    hub.faults.add({ fault: { kind: "body", body: new Uint8Array(5_000_000) } });
    expect(await http.send(get(CONFIG))).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(http.spent.bytesRead).toBeLessThan(1_000_000);
    expect(retries).toEqual([]);
  });
});

describe("what passes is waited for", () => {
  test.each([
    ["a reset before the head", { kind: "stop", after: "nothing", how: "reset" }, "connection"],
    ["a connection closed before the head", { kind: "stop", after: "nothing", how: "close" }, "connection"],
    ["a reset within the body", { kind: "stop", after: 1, how: "reset" }, "truncated"],
    ["a body that ends early", { kind: "stop", after: 1, how: "close" }, "truncated"],
    ["503", { kind: "status", status: 503 }, "status"],
    ["504", { kind: "status", status: 504 }, "status"],
  ] as const)("%s", async (_, fault, kind) => {
    const { http, network, retries } = testHttp(hub.url);
    hub.faults.add({ times: 2, fault });
    expect(await http.send(get(CONFIG))).toEqual({ ok: true, value: "{}" });
    expect(retries.map((failure) => failure.kind)).toEqual([kind, kind]);
    expect(network.slept).toEqual([250, 500]);
  });

  test.each(["nothing", 1] as const)("silence after %s of the answer", async (after) => {
    const { http, retries } = testHttp(hub.url, { silence: 500 });
    hub.faults.add({ times: 1, fault: { kind: "stop", after, how: "stall" } });
    expect(await http.send(get(CONFIG))).toEqual({ ok: true, value: "{}" });
    expect(retries[0]).toMatchObject({ kind: "timeout" });
  });

  test("429 that names a time is waited for exactly as long", async () => {
    const { http, network } = testHttp(hub.url);
    hub.faults.add({ times: 1, fault: tooManyRequests(17) });
    expect((await http.send(get(CONFIG))).ok).toBe(true);
    expect(network.slept).toEqual([17_000]);
  });

  test("429 with a Retry-After in seconds, or as a date", async () => {
    const { http, network } = testHttp(hub.url);
    hub.faults.add({ times: 1, fault: tooManyRequestsUnexplained("40") });
    hub.faults.add({
      after: 0,
      times: 1,
      fault: {
        kind: "status",
        status: 429,
        headers: { date: "Tue, 01 Sep 2026 10:00:00 GMT", "retry-after": "Tue, 01 Sep 2026 10:01:00 GMT", ratelimit: null },
      },
    });
    expect((await http.send(get(CONFIG))).ok).toBe(true);
    expect(network.slept).toEqual([40_000, 60_000]);
  });

  test("a firewall's challenge is no answer, and is waited out", async () => {
    const { http, retries } = testHttp(hub.url);
    hub.faults.add({ times: 1, fault: challenge });
    expect((await http.send(get(CONFIG))).ok).toBe(true);
    expect(retries).toMatchObject([{ kind: "challenge" }]);
  });

  test("what does not pass is given up, with its last failure", async () => {
    const { http, network } = testHttp(hub.url);
    hub.faults.add({ fault: { kind: "status", status: 503, body: "down" } });
    expect(await http.send(get(CONFIG))).toMatchObject({ ok: false, error: { kind: "status", status: 503 } });
    expect(network.slept.length).toBe(4);
  });
});

describe("what stays is not tried again", () => {
  test.each([400, 401, 403, 404, 416])("%i", async (status) => {
    const { http, network } = testHttp(hub.url);
    hub.faults.add({ fault: { kind: "status", status, headers: { "x-error-code": "GatedRepo", "x-error-message": "ask first" } } });
    expect(await http.send(get(CONFIG))).toEqual({
      ok: false,
      error: { kind: "status", status, code: "GatedRepo", message: "ask first", retryAfter: null },
    });
    expect(network.slept).toEqual([]);
  });

  test("a redirect in a loop", async () => {
    const { http } = testHttp(hub.url);
    hub.faults.add({ fault: redirectLoop });
    expect(await http.send(get(CONFIG))).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(hub.log.length).toBe(6);
  });

  test("a redirect to an address that is not public, unless the user named one of that kind", async () => {
    const { http } = testHttp(hub.url);
    hub.faults.add({ fault: { kind: "redirect", to: "http://169.254.169.254/latest/meta-data" } });
    expect(await http.send(get(CONFIG))).toMatchObject({
      ok: false,
      error: { kind: "refused", message: expect.stringContaining("private") },
    });
    expect(hub.log.length).toBe(1);
  });
});

describe("limits", () => {
  test("are never exceeded: the next window is waited for", async () => {
    await hub.close();
    const network = testHttp("http://127.0.0.1").network;
    hub = await startHub({
      repositories: [makeRepository("acme/one", { "config.json": "{}" })],
      quotas: { resolvers: 5 },
      clock: network.monotonic,
    });
    const { http, retries } = testHttp(hub.url, { network });
    for (let sent = 0; sent < 12; sent++) expect((await http.send(get(CONFIG))).ok).toBe(true);
    expect(retries).toEqual([]);
    expect(hub.log.map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(network.slept).toEqual([300_000, 300_000]);
  });

  test("an interruption ends the waiting, and nothing more is sent", async () => {
    const controller = new AbortController();
    const { http, network } = testHttp(hub.url, { signal: controller.signal });
    const sleep = network.sleep;
    Object.assign(network, {
      sleep: (milliseconds: number, signal: AbortSignal) => {
        controller.abort();
        return sleep(milliseconds, signal);
      },
    });
    hub.faults.add({ fault: tooManyRequests(300) });
    expect(await http.send(get(CONFIG))).toMatchObject({ ok: false, error: { kind: "interrupted" } });
    expect(hub.log.length).toBe(1);
  });
});

test("messages name addresses without their query, which may hold a signature", async () => {
  const { http } = testHttp(hub.url);
  hub.faults.add({ fault: { kind: "stop", after: "nothing", how: "reset" } });
  const answer = await http.send(get("/acme/one/resolve/main/none.bin?Signature=abc"));
  expect(JSON.stringify(answer)).toContain("none.bin");
  expect(JSON.stringify(answer)).not.toContain("Signature");
});
