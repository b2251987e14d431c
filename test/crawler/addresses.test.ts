import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { ok } from "../../analyzer/result.ts";
import { AddressGuard, scopeOf } from "../../crawler/addresses.ts";
import { systemNetwork } from "../../crawler/effects.ts";
import { testHttp } from "./virtual-network.ts";

test.each([
  ["8.8.8.8", "public"],
  ["2606:4700::6810:1", "public"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["::1", "loopback"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:7f00:1", "loopback"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["172.32.0.1", "public"],
  ["192.168.1.1", "private"],
  ["169.254.169.254", "private"],
  ["::ffff:169.254.169.254", "private"],
  ["100.64.0.1", "private"],
  ["0.0.0.0", "private"],
  ["::", "private"],
  ["255.255.255.255", "private"],
  ["fd00:ec2::254", "private"],
  ["fe80::1", "private"],
  ["64:ff9b::a9fe:a9fe", "private"],
  ["2002:a9fe:a9fe::1", "private"],
] as const)("%s is %s", (address, scope) => {
  expect(scopeOf(address)).toBe(scope);
});

describe("AddressGuard", () => {
  const names: Record<string, string[]> = {
    "huggingface.co": ["18.0.0.1"],
    "cdn.example": ["18.0.0.2", "2606:4700::1"],
    "sneaky.example": ["18.0.0.3", "10.0.0.1"],
    "hub.internal": ["10.0.0.5"],
    localhost: ["127.0.0.1"],
  };
  const addressesOf = async (host: string) => names[host] ?? Promise.reject(new Error("ENOTFOUND"));
  const kindOf = async (named: string[], target: string) => {
    const result = await new AddressGuard(
      { addressesOf },
      named.map((url) => new URL(url)),
    ).check(new URL(target));
    return result.ok ? "ok" : result.error.kind;
  };

  test.each([
    ["https://cdn.example/x", "ok"],
    ["https://18.0.0.9/x", "ok"],
    ["https://huggingface.co/x", "ok"],
    ["http://cdn.example/x", "refused"],
    ["file:///etc/passwd", "refused"],
    ["https://127.0.0.1/x", "refused"],
    ["https://0x7f.1/x", "refused"],
    ["https://2130706433/x", "refused"],
    ["https://[::ffff:127.0.0.1]/x", "refused"],
    ["https://localhost/x", "refused"],
    ["https://169.254.169.254/latest/meta-data", "refused"],
    ["https://hub.internal/x", "refused"],
    ["https://sneaky.example/x", "refused"],
    ["https://nowhere.example/x", "connection"],
  ])("of the Hub, %s: %s", async (target, kind) => {
    expect(await kindOf(["https://huggingface.co"], target)).toBe(kind);
  });

  test("a Hub that the user named on this machine may use this machine, and no other private one", async () => {
    expect(await kindOf(["http://127.0.0.1:8080"], "http://localhost:9090/x")).toBe("ok");
    expect(await kindOf(["http://127.0.0.1:8080"], "http://10.0.0.1/x")).toBe("refused");
    expect(await kindOf(["http://hub.internal"], "http://10.0.0.1/x")).toBe("ok");
    expect(await kindOf(["http://hub.internal"], "http://127.0.0.1/x")).toBe("refused");
  });

  test("an address is checked again when it is connected to: a name that resolves to another one then gets no request", async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end("secret");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    // The name server says 18.0.0.1 to whoever asks first; `localhost` is what the system resolves when connecting.
    const network = { ...systemNetwork, addressesOf: async () => ["18.0.0.1"] };
    const send = (named: string) => {
      const { http } = testHttp(named, { network: { ...network, slept: [] }, guard: new AddressGuard(network, [new URL(named)]) });
      return http.send({ url: new URL(`http://localhost:${port}/`), accept: () => ok(100), read: ({ body }) => ok(body.length) });
    };
    expect(await send("http://18.0.0.9:80")).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(requests).toBe(0);
    expect(await send(`http://localhost:${port}`)).toEqual({ ok: true, value: 6 });
    expect(requests).toBe(1);
  });

  test("a name that was not found once is looked up again", async () => {
    let calls = 0;
    const guard = new AddressGuard({ addressesOf: async () => (++calls === 1 ? Promise.reject(new Error("EAI_AGAIN")) : ["18.0.0.1"]) }, [
      new URL("https://18.0.0.1"),
    ]);
    expect((await guard.check(new URL("https://late.example/"))).ok).toBe(false);
    expect((await guard.check(new URL("https://late.example/"))).ok).toBe(true);
  });
});
