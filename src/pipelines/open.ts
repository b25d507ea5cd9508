// Open: the short way from words to a PNG, for programs that want a picture and nothing else. Node only.
import { encodePng } from "../image/png.ts";
import { isolated } from "../runtime/isolated.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { availableMemory } from "./available-memory.ts";
import { type Dream, dreamOf } from "./dream.ts";
import { engine } from "./engine.ts";
import { defaultModel, findModel } from "./find.ts";
import { openModel } from "./load.ts";
import type { LoadOptions } from "./model.ts";
import { openEmbeddings } from "./open-embeddings.ts";

export interface OpenOptions extends LoadOptions {
  /** A folder, or a name that `findModel` knows; the model that ships unless told. */
  readonly model?: string;
  /** Files of embeddings, whose names then are words in prompts, and folders of them (`openEmbeddings`). */
  readonly embeddings?: readonly string[];
  /** What runs the networks; a child process with ONNX Runtime unless told. Whoever brings one disposes it. */
  readonly runtime?: Runtime;
}

/**
 * Open a model to draw with; dispose it when done, so that the engine's process ends.
 * @example
 * await using dream = await open();
 * const { png } = await dream.draw("a red sailboat at dusk", { seed: 7 });
 * await writeFile("boat.png", png);
 * @throws ModelError when there is no such model or it cannot be used
 */
export async function open(options: OpenOptions = {}): Promise<Dream> {
  const { model: name, runtime: given, embeddings = [], ...choices } = options;
  const plain = await openModel(name === undefined ? await defaultModel() : await findModel(name), choices);
  const { model, notices } = await openEmbeddings(plain, embeddings);
  const runtime = given ?? isolated();
  const drawer = engine(model, runtime, { memory: availableMemory() });
  return dreamOf({
    engine: drawer,
    notices,
    encode: encodePng,
    close: async () => {
      if (!given) await runtime[Symbol.asyncDispose]();
    },
  });
}
