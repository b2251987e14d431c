/** The version in a policy is the library's own: never that of something it bundles, nor of what lies beside it. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { distributionsIn, statedName, statedVersion } from "../../scripts/stated-source.ts";
import { temporaryFolder } from "./run-census.ts";

const place = temporaryFolder();

/** What is stated of `folder` among these files, by their paths. */
function stated(files: Readonly<Record<string, string>>, folder = "lib") {
  const root = mkdtempSync(path.join(place, "source-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const source = Object.keys(files)
    .filter((name) => name.startsWith(`${folder}/`) && name.endsWith(".py"))
    .map((name) => name.slice(folder.length + 1));
  const at = path.join(root, folder);
  return { name: statedName(at, source), version: statedVersion(at, source), distributions: distributionsIn(at) };
}

const METADATA = "Metadata-Version: 2.1\nName: lib\nVersion: 1.3\n\nVersion: 9\n";
const PACKAGE = { "lib/__init__.py": "" };

describe("the version of a package", () => {
  it.each([
    ["in its __init__.py", { "lib/__init__.py": 'import os\n__version__ = "1.2.1"\n' }, "1.2.1"],
    ["with its type", { "lib/__init__.py": '__version__: Final[str] = "1.2"\n' }, "1.2"],
    ["in version.py", { "lib/version.py": "__version__ = '1.13.0a0'\ndebug = False\n" }, "1.13.0a0"],
    ["in version.py, as scipy has it", { "lib/version.py": "short_version = '1'\nversion = '1.10.1'\nfull_version = '3'\n" }, "1.10.1"],
    ["of setuptools_scm", { "lib/_version.py": "__version__ = version = '0.13.5+dfsg'\n" }, "0.13.5+dfsg"],
    ["of versioneer", { "lib/_version.py": "version_json = '''\n{\n \"error\": null,\n \"version\": \"1.5.3\"\n}\n'''\n" }, "1.5.3"],
    ["in __about__.py", { "lib/__about__.py": '__title__ = "1"\n__version__ = "0.4"\n' }, "0.4"],
    ["in a file VERSION", { "lib/VERSION": "3.8\n" }, "3.8"],
    ["that it was installed as", { "lib-1.3.dist-info/METADATA": METADATA, "lib/version.py": "__version__ = '1'\n" }, "1.3"],
    ["of an egg", { "lib-1.3.egg-info/PKG-INFO": METADATA, "lib-1.3.egg-info/top_level.txt": "lib\nmore\n" }, "1.3"],
    ["of an egg of distutils", { "lib-1.3.egg-info": METADATA }, "1.3"],
    ["of an installation by another name", { "py_lib-1.dist-info/METADATA": METADATA, "py_lib-1.dist-info/RECORD": "lib/a.py,,\n" }, "1.3"],
    ["of the project above", { "pyproject.toml": '[project]\nname = "lib"\nversion = "0.2.0" # now\n' }, "0.2.0"],
  ])("%s", (_, files, version) => {
    expect(stated({ ...PACKAGE, ...files })).toMatchObject({ name: "lib", version });
  });

  it.each([
    ["of a module of its own", { "lib/_appdirs.py": '__version__ = "1.4.4"\n' }],
    ["of what it bundles", { "lib/io/clipboard/__init__.py": '__version__ = "1.7.0"\n', "lib/tools/version.py": "version = '2'\n" }],
    ["under a condition", { "lib/__init__.py": 'if deployed:\n    __version__ = "1.8"\n' }],
    ["that is computed", { "lib/__init__.py": "__version__ = read()\n", "lib/version.py": 'version = info["version"]\n' }],
    ["that is none", { "lib/__init__.py": '__version__ = "torch-deploy-1.8"\n' }],
    ["of another distribution", { "other-1.3.dist-info/METADATA": METADATA, "other-1.3.dist-info/RECORD": "other/lib/a.py,,\n" }],
    ["of one of its name without it", { "lib-1.3.egg-info/PKG-INFO": METADATA, "lib-1.3.egg-info/top_level.txt": "other" }],
    ["of one of two", { "lib-1.3.dist-info/METADATA": METADATA, "lib-1.4.dist-info/METADATA": METADATA }],
    ["of another project above", { "pyproject.toml": '[project]\nname = "other"\nversion = "0.2.0"\n' }],
  ])("is none %s", (_, files) => {
    expect(stated({ ...PACKAGE, ...files }).version).toBeNull();
  });
});

describe("a project", () => {
  const project = { "0.2.0/brine/__init__.py": "", "0.2.0/tests/__init__.py": "" };

  it("is called as the one package in it, whatever its folder is", () => {
    expect(stated(project, "0.2.0")).toEqual({ name: "brine", version: null, distributions: [] });
    expect(stated({ "checkout/src/brine/__init__.py": '__version__ = "3"' }, "checkout")).toMatchObject({ name: "brine", version: "3" });
    expect(stated({ "both/a/__init__.py": "", "both/b/__init__.py": "" }, "both").name).toBe("both");
    expect(stated({ "both/a.py": "" }, "both").name).toBe("both");
  });

  it.each([
    ["pyproject.toml", '[tool.x]\nversion = "9"\n[project]\nname = "brine"\ndynamic = ["a"]\nversion = "0.2.0"\n'],
    ["pyproject.toml", '[tool.poetry]\nversion = "0.2.0"\n'],
    ["setup.cfg", "[options]\nversion = 9\n[metadata]\nname = brine\nversion = 0.2.0\n"],
    ["PKG-INFO", "Name: brine\nVersion: 0.2.0\n"],
    ["brine.egg-info/PKG-INFO", "Name: brine\nVersion: 0.2.0\n"],
    ["brine/version.py", "version = '0.2.0'"],
  ])("has the version of its %s", (file, text) => {
    expect(stated({ ...project, [`0.2.0/${file}`]: text }, "0.2.0").version).toBe("0.2.0");
  });

  it("has that of its package where its own is computed", () => {
    const files = {
      "0.2.0/setup.cfg": "[metadata]\nversion = attr: brine.__version__\n",
      "0.2.0/brine/__init__.py": '__version__ = "0.2.0"',
    };
    expect(stated({ ...project, ...files }, "0.2.0").version).toBe("0.2.0");
  });
});

it("site-packages are several distributions, and have no version", () => {
  const files = { "site/a/__init__.py": "", "site/a-1.dist-info/METADATA": METADATA, "site/b-2.egg-info": METADATA };
  expect(stated(files, "site")).toEqual({ name: "a", version: null, distributions: ["a-1.dist-info", "b-2.egg-info"] });
});
