// Listening: a picture drawn while the U-Net tells, at every step, which words each place attends to.
import {
  attentionOf,
  cpuGenerator,
  denoiser,
  guided,
  latentShape,
  type Pixels,
  type Program,
  samplerNamed,
  scale,
  settings,
  type Tensor,
  unetAdded,
  unetGraph,
  unetTime,
  walk,
  withAttention,
} from "dreamgrain/web";
import { type Lab, rough, shown } from "./lab.ts";

/** What was heard: for each token of the row, start and padding included, how much each place listened to it. */
export interface Heard {
  readonly picture: Pixels;
  /** Of the maps: those of the latents. */
  readonly width: number;
  readonly height: number;
  /** [token][place], shares of each place's attention, averaged over layers and steps. */
  readonly maps: readonly Float32Array[];
}

const programs = new WeakMap<Lab, Promise<Program>>();

/** The U-Net with its attention as further outputs, compiled once. */
function listener(lab: Lab, height: number, width: number, tokens: number): Promise<Program> {
  const { model, runtime } = lab;
  const known =
    programs.get(lab) ??
    runtime.compile(
      withAttention(unetGraph(model.specs.unet, { batch: 1, height, width, tokens })),
      model.weights.unet,
    );
  programs.set(lab, known);
  known.catch(() => programs.delete(lab));
  return known;
}

/** Draw `prompt` and listen. */
export async function listen(
  lab: Lab,
  prompt: string,
  { seed, steps }: { readonly seed: number; readonly steps: number },
  signal: AbortSignal,
  onStep: (rough: Pixels, done: number) => void,
): Promise<Heard> {
  const { model, engine } = lab;
  const chosen = settings(model, { prompt, seed, steps });
  const [asked, nothing] = [await engine.context(prompt), await engine.context("")];
  const shape = latentShape(model, chosen.width, chosen.height);
  const [, , height, width] = shape;
  const [, tokens = 0] = asked.tokens.shape;
  const program = await listener(lab, height, width, tokens);
  const sums = Array.from({ length: tokens }, () => new Float32Array(height * width));
  let heard = 0;
  const added = asked.pooled && unetAdded(model.specs.unet, asked.pooled, [[]]);
  const network = async (sample: Tensor, time: number): Promise<Tensor> => {
    const times = unetTime(model.specs.unet, [time]);
    const said = await program.run({ sample, time: times, context: asked.tokens, ...(added && { added }) });
    for (const map of attentionOf(said).values()) {
      heard++;
      addTo(sums, map, height, width);
    }
    return said.sample as Tensor;
  };
  const sigmas = walk(model, chosen);
  const listening = denoiser(network, model.prediction, (sigma) => sigmas.time(sigma));
  const denoise = guided(listening, engine.denoise(nothing, sigmas), { scale: chosen.guidance });
  const random = cpuGenerator(seed);
  const start = scale(random.randn(shape), sigmas.start);
  const walking = samplerNamed(chosen.sampler).sample(denoise, start, sigmas, { noise: (s) => random.randn(s) });
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await walking.next();
    signal.throwIfAborted();
    if (!done) onStep(rough(model, value.denoised), (value.index + 1) / value.steps);
    else {
      const picture = shown(await engine.decode(scale(value, sigmas.end)));
      return { picture, width, height, maps: sums.map((sum) => sum.map((x) => x / heard)) };
    }
  }
}

/** Adds one layer's map [1,places,tokens] to the sums, which are as fine as the latents. */
function addTo(sums: readonly Float32Array[], { data, shape }: Tensor, height: number, width: number): void {
  const [, places = 1, tokens = 0] = shape;
  const coarse = Math.round(Math.sqrt((height * width) / places));
  const across = Math.ceil(width / coarse);
  for (const [token, sum] of sums.entries())
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const place = Math.floor(y / coarse) * across + Math.floor(x / coarse);
        const at = y * width + x;
        sum[at] = (sum[at] ?? 0) + (data[place * tokens + token] ?? 0);
      }
}
