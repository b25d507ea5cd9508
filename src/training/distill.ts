// distill: the lesson after which a model draws in few steps, without guidance: progressive distillation into factors of low rank.
// Salimans & Ho 2022, of a guided teacher as Meng et al. 2023; the student keeps the teacher's weights and learns a LoRA.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Graph } from "../graph/trace.ts";
import { unetTime } from "../models/time.ts";
import { widen } from "../tensor/dtype.ts";
import { type AnyTensor, ints, sameShape, size, type Tensor, tensor } from "../tensor/tensor.ts";
import { wordTokenizer } from "../text/words.ts";
import type { Tensors } from "./adamw.ts";
import { trainingScene } from "./dataset.ts";
import { type DenoiserIn, type DenoiserSpecs, denoiserLoss } from "./denoiser.ts";
import { adapted } from "./low-rank.ts";
import { drawPaths, PATHS_A_FILE, type Paths, type Stretch, stretches, timeAt } from "./paths.ts";
import type { Random } from "./random.ts";
import { stateFile } from "./run.ts";
import { caption } from "./scenes/index.ts";
import type { DistillRecipe } from "./sizes.ts";
import { channelWeights } from "./stage-denoiser.ts";
import { runStage, specsOf, type Workshop } from "./stages.ts";
import { begin, type TrainingState } from "./train.ts";
import { shippedVocabulary } from "./vocabulary.ts";

/** How many of the walks follow no words: pictures can be drawn so too. */
const WORDLESS = 0.05;

/**
 * The loss of a student: that of a denoiser whose weights stay as they are, but for factors of low rank on the U-Net's, which
 * are its parameters (`unet.MODULE.lora_A.weight` and `lora_B`).
 * @param base `unet.…` and `text_encoder.…`
 * @param weights one per latent channel, of mean 1
 */
export const distillLoss = (
  specs: DenoiserSpecs,
  base: Tensors,
  rank: number,
  batch: number,
  side: number,
  weights?: readonly number[],
): Graph<DenoiserIn | "target", "loss"> =>
  denoiserLoss(specs, batch, side, weights, (root) => ({
    unet: adapted(root.at("unet"), base, rank),
    text: adapted(root.at("text_encoder"), base, 0),
  }));

/**
 * A batch for `distillLoss`: where walks were at the beginning of a stretch, and the velocity that leads straight to its end.
 * @param way the student's steps
 */
export function distillBatch(
  { unet: spec }: DenoiserSpecs,
  all: readonly Paths[],
  way: readonly Stretch[],
  batch: number,
  random: Random,
): Record<DenoiserIn | "target", AnyTensor> {
  const [, , ...shape] = all[0].states.shape;
  const width = size(shape);
  const count = all.reduce((sum, { states }) => sum + states.shape[0], 0);
  const positions = all[0].ids.shape[1];
  const sample = new Float32Array(batch * width);
  const target = new Float32Array(batch * width);
  const ids = new Int32Array(batch * positions);
  const end = new Float32Array(batch * positions);
  const times: number[] = [];
  for (let b = 0; b < batch; b++) {
    const n = random.below(count);
    const { states, ...texts } = all[Math.floor(n / PATHS_A_FILE)];
    const row = n % PATHS_A_FILE;
    const stop = random.below(way.length);
    const { from, to } = way[stop];
    const here = 2 * (row * way.length + stop) * width;
    const two = widen({ dtype: "f16", shape: [2 * width], data: states.data.subarray(here, here + 2 * width) }).data;
    for (let i = 0; i < width; i++) {
      sample[b * width + i] = two[i];
      target[b * width + i] = (two[i] - two[width + i]) / (from - to);
    }
    times.push(timeAt(from));
    ids.set(texts.ids.data.subarray(row * positions, (row + 1) * positions), b * positions);
    end.set(texts.end.data.subarray(row * positions, (row + 1) * positions), b * positions);
  }
  return {
    sample: tensor(sample, [batch, ...shape]),
    target: tensor(target, [batch, ...shape]),
    time: unetTime(spec, times),
    ids: ints(ids, [batch, positions]),
    end: tensor(end, [batch, 1, positions]),
  };
}

/** A denoiser that has learnt: `unet.…` and `text_encoder.…`, after so many steps. */
export interface Learnt {
  readonly weights: Tensors;
  readonly step: number;
}

/**
 * The factors that a model to begin with hands on to a student: all that it has, or none. Those that it lacks are fresh, and so
 * add nothing to begin with.
 * @returns also the first of its factors that does not fit, where there is one
 */
export function handedOn(
  factors: Tensors | undefined,
  student: Graph<string, string>,
): { readonly from: Tensors; readonly other?: string } {
  if (!factors) return { from: {} };
  const other = Object.keys(factors).find(
    (name) => !sameShape(student.params.get(name)?.shape ?? [], factors[name].shape),
  );
  return other === undefined ? { from: factors } : { from: {}, other };
}

/**
 * Let a trained denoiser walk, then a student learn from its walks.
 * @param sizes that the denoiser learnt from: latents of pictures, and how much more large channels count than small ones
 * @returns the student's factors; undefined when the signal stopped the walks
 */
export async function trainStudent(
  shop: Workshop,
  recipe: DistillRecipe,
  { weights, step }: Learnt,
  sizes: readonly { readonly latents: Tensor; readonly emphasis: number }[],
): Promise<{ state: TrainingState; done: boolean } | undefined> {
  const specs = specsOf(shop);
  const { rank, batch, studentSteps } = recipe;
  const way = stretches(studentSteps);
  let anew = false;
  const lessons: { loss: ReturnType<typeof distillLoss>; paths: readonly Paths[] }[] = [];
  for (const { latents, emphasis } of sizes) {
    const [, , side] = latents.shape;
    const teacher = {
      ...recipe,
      ...{ specs, weights, side, seed: shop.seed, id: `step ${step}` },
      tokenizer: wordTokenizer(shippedVocabulary()),
      caption: (dice: Random) => (dice.next() < WORDLESS ? "" : caption(trainingScene(dice.below(1e6)), dice.next)),
    };
    const started = performance.now();
    const paths = await drawPaths(shop.runtime, teacher, {
      folder: join(shop.folder, `paths-${side}`),
      count: recipe.paths,
      onWalked: (done, fresh) => {
        anew = true;
        const each = (performance.now() - started) / fresh;
        shop.onNote?.(
          `walked ${done} of ${recipe.paths} paths for few steps, latents ${side}×${side} · ${each.toFixed(1)} ms each`,
        );
      },
      ...(shop.signal && { signal: shop.signal }),
    });
    if (!paths) return undefined;
    lessons.push({
      loss: distillLoss(specs, weights, rank, batch / shop.trainer.parts, side, channelWeights(latents, emphasis)),
      paths,
    });
  }
  if (anew) await rm(stateFile(shop.folder, "distill"), { force: true }); // of a student of other walks
  const losses = lessons.map(({ loss }) => loss);
  const { from, other } = handedOn(shop.from?.student, losses[0]);
  if (other)
    shop.onNote?.(
      `few steps are learnt anew: this recipe has no ${other} of the shape that the model to begin with has`,
    );
  const state = begin(losses[0], { seed: shop.seed, from });
  const turn = (step: number): number => step % lessons.length;
  const done = await runStage(shop, "distill", recipe, losses, state, {
    turn,
    batch: (step, random) => distillBatch(specs, lessons[turn(step)].paths, way, batch, random),
  });
  return { state, done };
}
