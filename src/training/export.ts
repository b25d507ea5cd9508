// export: trained weights as a model folder in diffusers' layout, which `openModel` reads like any other. Node only.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Compose } from "../pipelines/model.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { writeComponent } from "../weights/checkpoint.ts";
import { LORA_FILE } from "../weights/lora.ts";
import { writeSafetensors } from "../weights/safetensors-file.ts";
import { cast, fromTensors, under } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import type { Recipe } from "./sizes.ts";
import type { Latents } from "./stage-latents.ts";
import { shippedVocabulary } from "./vocabulary.ts";

/** What training has made. */
export interface Trained {
  readonly recipe: Recipe;
  /** Encoder and decoder, moving averages. */
  readonly vae: Tensors;
  /** `unet.…` and `text_encoder.…`, moving averages. */
  readonly denoiser: Tensors;
  /** What a student of few steps adds to the denoiser: `unet.….lora_A.weight`, moving averages. */
  readonly student?: { readonly factors: Tensors; readonly steps: number };
  readonly latents: Pick<Latents, "mean" | "std" | "preview">;
  /** Written into the weights' metadata: what made them. */
  readonly origin: Readonly<Record<string, string>>;
}

/** The folder of what makes the model draw in few steps; diffusers' `load_lora_weights` reads it. */
const FEW_STEPS = "few_steps";

/** How trained models draw unless told; part of the noise is drawn anew at each step (docs/decisions/0013-compose.md). */
export const DRAWN = { guidance: 4, sampler: "euler_a", schedule: "trailing", shift: 1 } as const;

/** How a model composes, if it does: at half the side. */
export const composition = ({ side, compose }: Recipe): { readonly compose?: Compose } =>
  compose ? { compose: { width: side / 2, height: side / 2, strength: compose.strength } } : {};

const rounded = (values: readonly number[]): number[] => values.map((v) => Number(v.toPrecision(7)));

/** Write the model, weights in f16. */
export async function exportModel(folder: string, trained: Trained): Promise<void> {
  const { recipe, latents, origin, student } = trained;
  const { unet, vae, text_encoder } = recipe.configs;
  const vocabulary = shippedVocabulary();
  const denoiser = fromTensors(trained.denoiser);
  const f16 = (weights: ReturnType<typeof fromTensors>) => cast(weights, "f16");
  const json = async (path: string, value: unknown): Promise<void> => {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFileAtomically(join(folder, path), `${JSON.stringify(value, null, 2)}\n`);
  };

  const network = "diffusion_pytorch_model";
  await writeComponent(join(folder, "unet"), network, unet, f16(under(denoiser, "unet.")), origin);
  await writeComponent(
    join(folder, "text_encoder"),
    "model",
    text_encoder,
    f16(under(denoiser, "text_encoder.")),
    origin,
  );
  const measured = {
    latents_mean: rounded(latents.mean),
    latents_std: rounded(latents.std),
    latent_rgb_factors: latents.preview.factors.map(rounded),
    latent_rgb_bias: rounded(latents.preview.bias),
  };
  await writeComponent(join(folder, "vae"), network, { ...vae, ...measured }, f16(fromTensors(trained.vae)), origin);
  await rm(join(folder, FEW_STEPS), { recursive: true, force: true });
  if (student) {
    await mkdir(join(folder, FEW_STEPS), { recursive: true });
    await writeSafetensors(join(folder, FEW_STEPS, LORA_FILE), f16(fromTensors(student.factors)), origin);
  }
  await json("tokenizer/vocabulary.json", vocabulary);
  await json("scheduler/scheduler_config.json", {
    _class_name: "FlowMatchEulerDiscreteScheduler",
    num_train_timesteps: 1000,
    shift: 1,
  });
  await json("model_index.json", {
    _class_name: "StableDiffusionPipeline",
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["dreamgrain", "WordTokenizer"],
    scheduler: ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    dreamgrain: {
      name: "dreamgrain small",
      width: recipe.side,
      height: recipe.side,
      steps: 30,
      ...DRAWN,
      ...composition(recipe),
      ...(student && { few_steps: { lora: FEW_STEPS, steps: student.steps, guidance: 1 } }),
    },
  });
}
