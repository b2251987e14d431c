/** Each thing that can go wrong, as a client meets it. */
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { challenge, expiredCursor, expiredLink, type Fault, redirectLoop, tooManyRequests, tooManyRequestsUnexplained } from "./faults.ts";
import { type Hub, startHub } from "./hub.ts";
import { get } from "./raw.ts";
import { makeRepository } from "./repositories.ts";

const bytes = new Uint8Array(1_000).fill(7);
const repositories = Array.from({ length: 3 }, (_, index) => makeRepository(`acme/m${index}`, { "model.pt": bytes }));

let hub: Hub;
let file: string;
beforeEach(async () => {
  hub = await startHub({ repositories });
  file = (await get(`${hub.url}/acme/m0/resolve/main/model.pt`)).header("location")!;
});
afterEach(() => hub.close());

const models = () => get(`${hub.url}/api/models`);
const onFiles = (fault: Fault) => hub.faults.add({ origin: "files", fault });
const middle = { range: "bytes=100-299" };

test("a status, with headers and without", async () => {
  hub.faults.add({ path: /^\/api\/models$/, times: 1, fault: { kind: "status", status: 503 } });
  hub.faults.add({
    path: /^\/api\/models$/,
    times: 1,
    fault: { kind: "status", status: 504, body: "<html>", headers: { "retry-after": "3" } },
  });
  const first = await models();
  expect([first.status, first.header("ratelimit")]).toEqual([503, '"api";r=499;t=300']);
  const second = await models();
  expect([second.status, second.header("retry-after"), second.text()]).toEqual([504, "3", "<html>"]);
  expect((await models()).status).toBe(200);
  expect(hub.log.slice(-3).map(({ status, fault }) => [status, fault])).toEqual([
    [503, "status"],
    [504, "status"],
    [200, undefined],
  ]);
});

test("429 that says how long to wait, that says it another way, and that does not say it", async () => {
  const answers: (string | number | null)[][] = [];
  for (const fault of [tooManyRequests(17), tooManyRequestsUnexplained("9"), tooManyRequestsUnexplained()]) {
    const end = hub.faults.add({ fault });
    const { status, header } = await models();
    answers.push([status, header("ratelimit"), header("retry-after")]);
    end();
  }
  expect(answers).toEqual([
    [429, '"api";r=0;t=17', null],
    [429, null, "9"],
    [429, null, null],
  ]);
});

test("the firewall's challenge is HTML with 405, and knows no rate limit", async () => {
  hub.faults.add({ fault: challenge });
  const answer = await models();
  expect([answer.status, answer.header("content-type"), answer.header("ratelimit")]).toEqual([405, "text/html; charset=UTF-8", null]);
});

test("a connection that is reset before the head, and one closed", async () => {
  for (const how of ["reset", "close"] as const) {
    const end = hub.faults.add({ fault: { kind: "stop", after: "nothing", how } });
    await expect(models()).rejects.toThrow("fetch failed");
    expect(hub.log.at(-1)).toMatchObject({ status: null, bytes: 0, fault: "stop" });
    end();
  }
});

test("a connection that is reset or closed in the middle of the body", async () => {
  for (const how of ["reset", "close"] as const) {
    const end = onFiles({ kind: "stop", after: 50, how });
    const response = await fetch(file, { headers: middle });
    expect([response.status, response.headers.get("content-length")]).toEqual([206, "200"]);
    await expect(response.arrayBuffer()).rejects.toThrow("terminated");
    expect(hub.log.at(-1)).toMatchObject({ status: 206, bytes: 50, range: "bytes=100-299" });
    end();
  }
});

test("a closed connection has delivered what it was to deliver", async () => {
  onFiles({ kind: "stop", after: 50, how: "close" });
  const { hostname, port, pathname, search } = new URL(file);
  const received = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => resolve(Buffer.concat(chunks)));
    socket.on("error", reject);
  });
  expect(received.subarray(received.indexOf("\r\n\r\n") + 4)).toEqual(Buffer.alloc(50, 7));
});

test("an answer that stalls goes on until the client gives up", async () => {
  for (const after of ["nothing", 50] as const) {
    const end = onFiles({ kind: "stop", after, how: "stall" });
    const patience = new AbortController();
    const attempt = fetch(file, { signal: patience.signal }).then((response) => response.arrayBuffer());
    const outcome = expect(attempt).rejects.toThrow("aborted");
    const sent = after === "nothing" ? 0 : after;
    await expect.poll(() => hub.log.at(-1)).toMatchObject({ fault: "stop", bytes: sent });
    patience.abort();
    await outcome;
    end();
  }
});

test("a slow body comes whole, each piece after its pause", async () => {
  const end = onFiles({ kind: "slow", bytes: 300, milliseconds: 1 });
  expect((await get(file)).bytes).toEqual(bytes);
  end();
  onFiles({ kind: "slow", bytes: 300, milliseconds: 1e9 });
  const response = await fetch(file);
  await response.body?.cancel();
  expect(hub.log.at(-1)).toMatchObject({ status: 200, bytes: 0, fault: "slow" });
});

test("a body shorter or longer than its Content-Range promises", async () => {
  for (const by of [-150, -500, 30]) {
    const end = onFiles({ kind: "resize", by });
    const answer = await get(file, middle);
    expect([answer.status, answer.header("content-range")]).toEqual([206, "bytes 100-299/1000"]);
    const size = Math.max(0, 200 + by);
    expect(answer.bytes).toEqual(Uint8Array.from({ length: size }, (_, index) => (index < 200 ? 7 : 0)));
    expect(answer.header("content-length")).toBe(String(size));
    end();
  }
});

test("a server that ignores Range, and one that names another", async () => {
  let end = onFiles({ kind: "ignore-range" });
  const whole = await get(file, middle);
  expect([whole.status, whole.bytes.length, whole.header("content-range")]).toEqual([200, 1_000, null]);
  end();
  end = onFiles({ kind: "content-range", value: "bytes 0-199/1000" });
  const other = await get(file, middle);
  expect([other.status, other.bytes.length, other.header("content-range")]).toEqual([206, 200, "bytes 0-199/1000"]);
});

test("garbage where JSON should be", async () => {
  hub.faults.add({ fault: { kind: "body", body: '[{"id": "acme/' } });
  const answer = await models();
  expect([answer.status, answer.header("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  expect(() => answer.json()).toThrow(SyntaxError);
});

test("redirects: in a loop, and to an address that is nobody's business", async () => {
  let end = hub.faults.add({ fault: redirectLoop });
  await expect(fetch(`${hub.url}/api/models`)).rejects.toMatchObject({ cause: { message: "redirect count exceeded" } });
  end();
  end = hub.faults.add({ path: /\/resolve\//, fault: { kind: "redirect", to: "http://169.254.169.254/latest/meta-data" } });
  const answer = await get(`${hub.url}/acme/m0/resolve/main/model.pt`);
  expect([answer.status, answer.header("location")]).toEqual([302, "http://169.254.169.254/latest/meta-data"]);
  expect(answer.header("x-linked-size")).toBe("1000");
});

test("an address and a cursor whose time is over", async () => {
  onFiles(expiredLink);
  expect((await get(file)).text()).toContain("Request has expired");
  hub.faults.add({ path: /cursor=/, fault: expiredCursor });
  expect((await models()).status).toBe(200);
  expect((await get(`${hub.url}/api/models?cursor=x`)).json()).toEqual({ error: "Invalid cursor" });
});

test("a sha that moves between two pages", async () => {
  const shas = () => new Map(repositories.map(({ id }) => [id, hub.repositories.find(id)?.sha]));
  const before = shas();
  hub.faults.add({
    path: /cursor=/,
    times: 1,
    fault: () => {
      for (const { id } of repositories) hub.repositories.commit(id, { "model.pt": "changed" });
      return undefined;
    },
  });
  const first = await get(`${hub.url}/api/models?limit=1&expand=sha`);
  const second = await get(/<(.*)>/.exec(first.header("link")!)![1]!);
  const [a, b] = [first.json()[0], second.json()[0]];
  expect([a.sha, b.sha]).toEqual([before.get(a.id), shas().get(b.id)]);
  expect(b.sha).not.toBe(before.get(b.id));
});

test("a rule may let requests pass first, meet only some, and be a function of how often it was met", async () => {
  hub.faults.add({
    method: "GET",
    path: /models/,
    after: 1,
    times: 3,
    fault: (_, met) => (met === 1 ? undefined : { kind: "status", status: 500 + met }),
  });
  const statuses: number[] = [];
  for (let request = 0; request < 6; request++) statuses.push((await models()).status);
  expect(statuses).toEqual([200, 500, 200, 502, 200, 200]);
});

test("an answer that is late is right", async () => {
  const late = await startHub({ repositories, latency: 1 });
  late.faults.add({ fault: { kind: "delay", milliseconds: 1 } });
  expect((await get(`${late.url}/api/models`)).json()).toHaveLength(3);
  await late.close();
});

test("closing ends what stalls", async () => {
  const stuck = await startHub({ repositories });
  stuck.faults.add({ fault: { kind: "stop", after: "nothing", how: "stall" } });
  const attempt = expect(get(`${stuck.url}/api/models`)).rejects.toThrow("fetch failed");
  await expect.poll(() => stuck.log).toHaveLength(1);
  await stuck.close();
  await attempt;
});
