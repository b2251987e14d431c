/** Source trees from folders of this repository, and one parser for all tests of a file. */
import { existsSync } from "node:fs";
import type { SourceTree } from "../../../analyzer/python/module-file.ts";
import type { FolderAnswers } from "../../../crawler/folder-answers.ts";
import { pythonFilesBelow } from "../../../crawler/python-folder.ts";

/** The Python source below a folder; of a folder that is not there, nothing. */
export function sourceTree(folder: string, name: string, version: string | null = null, answers: FolderAnswers | null = null): SourceTree {
  return { name, version, files: existsSync(folder) ? pythonFilesBelow(folder, answers) : [] };
}
