/** Settings from the user's file: after options and the environment, and nothing that is none. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, expect, it } from "vitest";
import { settingsFile, withSettings } from "../../scripts/settings.ts";
import { census, temporaryFolder } from "./run-census.ts";

const home = temporaryFolder();
const file = path.join(home, ".config", "picklecensus", "settings.env");
const set = (text: string) => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
};

beforeEach(() => set(""));

it("are in the user's folder of settings, where there is one", () => {
  expect(settingsFile({ HOME: home })).toBe(file);
  expect(settingsFile({ HOME: home, XDG_CONFIG_HOME: "/settings" })).toBe(path.join("/settings", "picklecensus", "settings.env"));
  expect(settingsFile({})).toBeNull();
  expect(withSettings({ HOME: path.join(home, "nobody") })).toEqual({ HOME: path.join(home, "nobody") });
});

it("say what the environment does not", () => {
  set("# ours\nCENSUS_HUB=https://hub.example\nCENSUS_DATABASE_URL='postgres://census@db.example/census'\n");
  expect(withSettings({ HOME: home })).toMatchObject({
    CENSUS_HUB: "https://hub.example",
    CENSUS_DATABASE_URL: "postgres://census@db.example/census",
  });
  // The address would come before the file, which the environment names.
  expect(withSettings({ HOME: home, CENSUS_DATABASE: "mine.sqlite" })).toEqual({
    HOME: home,
    CENSUS_HUB: "https://hub.example",
    CENSUS_DATABASE: "mine.sqlite",
  });
});

it("give way to options, and are refused where they are none", async () => {
  const environment = { HOME: home };
  set(`CENSUS_DATABASE=${path.join(home, "set.sqlite")}\n`);
  expect((await census(["status", "--database", "given.sqlite"], { environment, directory: home })).reported).not.toContain("set.sqlite");
  expect((await census(["export", "models"], { environment, directory: home })).reported).toContain(path.join(home, "set.sqlite"));
  set("HF_TOKEN=hf_secret\n");
  const token = await census(["status"], { environment, directory: home });
  expect(token.ending).toBe("usage");
  expect(token.reported).toContain("HF_TOKEN is no setting; a token is read from the environment alone");
  expect(token.reported).not.toContain("hf_secret");
  set("CENSUS_HUBB=https://hub.example\n");
  expect((await census(["status"], { environment, directory: home })).reported).toContain("settings are CENSUS_HUB, CENSUS_INDEX");
});
