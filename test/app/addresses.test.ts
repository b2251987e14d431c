import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addresses, hubAddress } from "../../app/addresses.ts";
import { matchAll } from "../../app/routes.ts";

const at = addresses(null);
const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 });
/** What a browser asks for when a link is followed. */
const asked = (address: string) => new URL(address, "http://127.0.0.1");

describe("addresses", () => {
  it("lead back to the callable, whatever it is called", () => {
    fc.assert(
      fc.property(names, (callable) => {
        const url = asked(at.callable({ callableId: 7, callable }));
        expect(url.origin).toBe("http://127.0.0.1");
        const named = matchAll(url.pathname).map(({ page, parameters }) => [page.path, parameters.name]);
        if (url.searchParams.has("id")) expect([url.pathname, url.searchParams.get("id")]).toEqual(["/callables", "7"]);
        else expect(named).toContainEqual(["/callables/*name", callable]);
      }),
    );
  });

  it.each(["..", ".", "", "x".repeat(65_000)])("name a callable by its id where its name fits no address: %.20s", (callable) => {
    expect(at.callable({ callableId: 7, callable })).toBe("/callables?id=7");
  });

  it.each(["acme/model", "bert-base", "acme/odd.json", "a/<script>", "a/b?c#d", "a/%2e%2e"])("lead back to the model %s", (name) => {
    const [first] = matchAll(asked(at.model(name)).pathname);
    expect([first?.page.path, first?.parameters.name, first?.format]).toEqual(["/models/*name", name, "html"]);
  });

  it("read .json after a name last, so that a model may be called so", () => {
    const readings = matchAll("/models/acme/odd.json").map(({ parameters, format }) => [parameters.name, format]);
    expect(readings).toEqual([
      ["acme/odd.json", "html"],
      ["acme/odd", "json"],
    ]);
  });

  it("keep the survey that was asked for", () => {
    expect(addresses("2026 q3").model("acme/model")).toBe("/models/acme/model?survey=2026+q3");
  });

  it("lead to the part of a source that a line is in", () => {
    expect(at.source(3, "flair/nn.py", 12)).toBe("/sources/3/flair/nn.py#L12");
    expect(at.source(3, "flair/nn.py", 4_321)).toBe("/sources/3/flair/nn.py?line=4321#L4321");
  });

  it("lead to the Hub only over the web", () => {
    expect(hubAddress("https://hub.example", "acme/model", "abc")).toBe("https://hub.example/acme/model/tree/abc");
    expect(hubAddress("javascript:alert(1)", "acme/model", "abc")).toBeNull();
    expect(hubAddress("not an address", "acme/model", "abc")).toBeNull();
  });
});
