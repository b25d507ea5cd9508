// Published: nine pixels of pictures that others have drawn with weights that everybody can have, and how near is near enough.
import { ConfigError, fields } from "../models/fields.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requestOf } from "./metadata.ts";
import type { Request } from "./text-to-image.ts";

/** A picture of which somebody published a corner. */
export interface Slice {
  readonly request: Request;
  /** The last channel of the last three rows and columns, 0…1, row by row. */
  readonly values: readonly number[];
  /** How far a value may be off. */
  readonly tolerance: number;
}

/** What was published of a model. */
export interface Reference {
  /** Whose weights they are. */
  readonly model: string;
  readonly source: string;
  readonly slices: readonly Slice[];
}

/** What all of diffusers' tests of text to image ask for; latents from `RandomState(0)`. */
const asked = {
  prompt: "a photograph of an astronaut riding a horse",
  seed: 0,
  rng: "numpy",
  width: 512,
  height: 512,
  steps: 3,
  guidance: 7.5,
} as const;
const plms: Request = { ...asked, sampler: "plms", schedule: "leading" };

const tests = "huggingface/diffusers, tests/pipelines";
const sd = `${tests}/stable_diffusion/test_stable_diffusion.py`;

/**
 * diffusers' own figures, drawn on GPUs in float32, with the tolerances of its tests. Left out are those of walks that end at
 * the lowest level (DPM++ 2M), and of FreeU.
 */
export const references = {
  sd11: {
    model: "CompVis/stable-diffusion-v1-1",
    source: sd,
    slices: [
      {
        request: plms,
        values: [0.4363, 0.4355, 0.3667, 0.4066, 0.397, 0.3866, 0.4394, 0.4356, 0.4059],
        tolerance: 3e-3,
      },
    ],
  },
  sd14: {
    model: "CompVis/stable-diffusion-v1-4",
    source: sd,
    slices: [
      {
        request: { ...asked, sampler: "ddim", schedule: "leading" },
        values: [0.38019, 0.28647, 0.27321, 0.40377, 0.3829, 0.35446, 0.39218, 0.38165, 0.42239],
        tolerance: 1e-4,
      },
      {
        request: plms,
        values: [0.574, 0.4784, 0.3162, 0.6358, 0.5831, 0.5505, 0.5082, 0.5631, 0.5575],
        tolerance: 3e-3,
      },
      {
        request: { ...asked, sampler: "lms", schedule: "linspace" },
        values: [0.10542, 0.0962, 0.07332, 0.09015, 0.09382, 0.07597, 0.08496, 0.07806, 0.06455],
        tolerance: 3e-3,
      },
    ],
  },
  "sd2-base": {
    model: "stabilityai/stable-diffusion-2-base",
    source: `${tests}/stable_diffusion_2/test_stable_diffusion.py`,
    slices: [
      {
        request: plms,
        values: [0.49493, 0.47896, 0.40798, 0.54214, 0.53212, 0.48202, 0.47656, 0.46329, 0.48506],
        tolerance: 7e-3,
      },
    ],
  },
} as const satisfies Record<string, Reference>;

/**
 * A reference of one's own, in the shape of those above; requests as pictures keep them.
 * @throws ConfigError naming the field that is wrong
 */
export function referenceOf(json: unknown): Reference {
  const f = fields("reference", json);
  const { slices } = json as { readonly slices?: unknown };
  if (!Array.isArray(slices) || slices.length === 0) return f.fail("slices", "a list of pictures");
  return {
    model: f.string("model"),
    source: f.string("source", "no source"),
    slices: slices.map((slice: unknown) => {
      const of = fields("reference's slice", slice);
      const values = of.numbers("values");
      if (values.length !== SIDE * SIDE) of.fail("values", `${SIDE * SIDE} numbers`);
      const tolerance = of.number("tolerance");
      if (tolerance < 0) throw new ConfigError(`reference's slice: tolerance is ${tolerance}; expected 0 or more`);
      return { request: requestOf((slice as { readonly request?: unknown }).request), values, tolerance };
    }),
  };
}

const SIDE = 3;

/** The corner of a picture [1,3,height,width] (about −1…1) that is published of it. */
export function cornerOf({ data, shape: [, channels, height, width] }: Tensor): number[] {
  const last = (channels - 1) * height * width;
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = [height - SIDE + Math.floor(i / SIDE), width - SIDE + (i % SIDE)];
    return Math.min(1, Math.max(0, data[last + row * width + column] / 2 + 0.5));
  });
}
