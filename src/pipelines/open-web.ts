// Open: the short way from words to a PNG, in a browser. `open.ts` is the same for Node.
import { packPng } from "../image/png-packed.ts";
import { inWorker } from "../runtime/in-worker.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { byteSize } from "../weights/weights.ts";
import { type Dream, dreamOf } from "./dream.ts";
import { engine } from "./engine.ts";
import { type FetchModelOptions, fetchModel } from "./fetch-model.ts";

export interface OpenOptions extends FetchModelOptions {
  /** Where the model is served: the address of a folder, or of a single .safetensors. */
  readonly model: string;
  /** What runs the networks; a worker with ONNX Runtime unless told. Whoever brings one disposes it. */
  readonly runtime?: Runtime;
}

/** Bytes that WebAssembly can address. */
const ADDRESSABLE = 2 ** 32;

/**
 * Open a model to draw with; dispose it when done, so that its worker ends.
 * @example
 * await using dream = await open({ model: "/models/default" });
 * const { png } = await dream.draw("a red sailboat at dusk", { seed: 7 });
 * document.querySelector("img").src = URL.createObjectURL(new Blob([png]));
 * @throws ModelError when there is no such model or it cannot be used
 */
export async function open({ model: url, runtime: given, ...options }: OpenOptions): Promise<Dream> {
  const model = await fetchModel(url, options);
  const runtime = given ?? inWorker();
  const networks = [model.weights.unet, model.weights.vae, ...model.texts.map(({ weights }) => weights)];
  const all = [...networks, ...(model.fewSteps ? [model.fewSteps.lora] : [])];
  const memory = ADDRESSABLE - all.reduce((sum, weights) => sum + byteSize(weights), 0);
  return dreamOf({
    engine: engine(model, runtime, { memory }),
    encode: packPng,
    close: async () => {
      if (!given) await runtime[Symbol.asyncDispose]();
    },
  });
}
