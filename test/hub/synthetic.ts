/**
 * A population of generated repositories with the Hub's mix of formats and its long tail of downloads: for benchmarks of
 * the crawler at sizes that nobody can hold. Everything of a model follows from its number.
 */
import type { Population } from "./catalogue.ts";
import { checkpoint, trainingArguments } from "./checkpoint.ts";
import { type Content, heldContent, virtualContent } from "./content.ts";
import { makeHubId, type Repository, type RepositoryFile } from "./repositories.ts";

/** Shares of formats among models with more than 1,000 downloads a month, March 2025 (PickleBall, figure 3), in percent. */
const FORMATS = [
  { upTo: 27, files: ["pytorch_model.bin", "training_args.bin"] },
  { upTo: 45, files: ["pytorch_model.bin", "model.safetensors"] },
  { upTo: 79, files: ["model.safetensors"] },
  { upTo: 96, files: ["model-q4_0.gguf"] },
  { upTo: 100, files: [] },
];
const LIBRARIES = [undefined, "transformers", "sentence-transformers", "flair", "sklearn", "diffusers"];
/** Tensors of a checkpoint, and the elements of each: 100 MB in all. */
const TENSORS = 100;
const ELEMENTS = 262_144;
/** Share of models whose weights are not another's copy, and how many different training arguments there are: guesses. */
const DISTINCT = 0.9;
const ARGUMENTS = 500;

/** `count` repositories named `synthetic-0/m0` and on; `elements` in each tensor. */
export function syntheticPopulation(count: number, elements = ELEMENTS): Population {
  return {
    length: count,
    at: (index) => new SyntheticRepository(index, count, elements),
    indexOf: (id) => {
      const index = Number(/^synthetic-\d+\/m(\d+)$/.exec(id)?.[1] ?? NaN);
      return index < count && nameOf(index) === id ? index : undefined;
    },
  };
}

class SyntheticRepository implements Repository {
  readonly id: string;
  readonly hubId: string;
  readonly sha: string;
  readonly metadata: Repository["metadata"];
  private readonly distinct: number;

  constructor(
    readonly index: number,
    count: number,
    readonly elements: number,
  ) {
    this.distinct = Math.ceil(count * DISTINCT);
    const library_name = LIBRARIES[index % LIBRARIES.length];
    const createdAt = new Date(Date.UTC(2022, 2, 3) + index * 60_000).toISOString();
    this.id = nameOf(index);
    this.hubId = makeHubId(this.id, createdAt);
    this.sha = this.hubId.padEnd(40, "0");
    this.metadata = {
      downloads: Math.floor((count * 100) / (index + 1)),
      likes: index % 50,
      createdAt,
      lastModified: createdAt,
      library_name,
      tags: ["synthetic"],
      gated: false,
      private: false,
      disabled: false,
    };
  }

  /** Names at once, contents when they are asked for. */
  get files(): ReadonlyMap<string, RepositoryFile> {
    const format = FORMATS.find(({ upTo }) => (this.index * 37) % 100 < upTo);
    const { index, distinct, elements } = this;
    const file = (path: string): [string, RepositoryFile] => [
      path,
      {
        path,
        large: path !== "README.md",
        security: { status: "unscanned" },
        get content() {
          return contentOf(path, index, index % distinct, elements);
        },
      },
    ];
    return new Map(["README.md", ...(format?.files ?? [])].map(file));
  }
}

function nameOf(index: number): string {
  return `synthetic-${index % 97}/m${index}`;
}

function contentOf(path: string, index: number, weights: number, elements: number): Content {
  if (path === "README.md") return heldContent(`# Model ${index}\n`);
  if (path === "pytorch_model.bin") return recent(`m${weights}`, (name) => checkpoint(name, TENSORS, elements));
  if (path === "training_args.bin") return trainingArguments(`run-${index % ARGUMENTS}`);
  return virtualContent(`${path} ${index}`, TENSORS * elements * 4, (start, end) => new Uint8Array(end - start));
}

const RECENT = 256;
const checkpoints = new Map<string, Content>();

/** A checkpoint is asked for several times in a row (resolved, then read by ranges), and takes milliseconds to make. */
function recent(name: string, make: (name: string) => Content): Content {
  const content = checkpoints.get(name) ?? make(name);
  checkpoints.delete(name);
  checkpoints.set(name, content);
  if (checkpoints.size > RECENT) checkpoints.delete(checkpoints.keys().next().value as string);
  return content;
}
