// Pictures that guide: what a request may say about them, how they are fitted, and where they enter a walk.
// Meng et al. 2022 (SDEdit); Rombach et al. 2022, §4.5 (inpainting); Brooks et al. 2023 (InstructPix2Pix).
import { noised } from "../diffusion/forward.ts";
import { inpainting, masked } from "../diffusion/inpaint.ts";
import type { Sampler } from "../diffusion/samplers.ts";
import { lastSteps, type Sigmas } from "../diffusion/sigmas.ts";
import { fromPixels, type Pixels, showSize } from "../image/pixels.ts";
import { fitted } from "../image/resize.ts";
import type { Random } from "../tensor/random.ts";
import { full, map, scale, stack, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import type { Engine } from "./engine.ts";
import { latentShape, type Model, sizeStep, unscaled } from "./model.ts";

/** A picture of any size, and the name of its file, where it has one, for metadata to remember. */
export interface PictureInput extends Pixels {
  readonly name?: string;
}

/** What a request may say about pictures. */
export interface Guide {
  /** A picture to begin with, to fill in or to change; on white where it is transparent, cropped about its centre to the size. */
  readonly image?: PictureInput;
  /** As large as the image: white where something new is drawn, black where the image stays; grey mixes the two in the end. */
  readonly mask?: PictureInput;
  /** 0…1: how much of the walk is walked, from how much noise. 0.75 unless told, as in A1111; with a mask 1, as in diffusers. */
  readonly strength?: number;
  /** How close to stay to the image, for models that change pictures as they are told; 1.5 unless told. Brooks et al. 2023. */
  readonly imageGuidance?: number;
}

type Size = Pick<Pixels, "width" | "height">;

/**
 * The size to draw at when only the image says: its own, rounded to what the model draws, if that is between half and twice
 * of the pixels that the model was made for; otherwise that many, in the image's proportions.
 */
export function guidedSize(model: Pick<Model, "specs"> & { readonly defaults: Size }, image: Size): Size {
  const step = sizeStep(model);
  const share = (image.width * image.height) / (model.defaults.width * model.defaults.height);
  const by = share >= 1 / 2 && share <= 2 ? 1 : 1 / Math.sqrt(share);
  const side = (pixels: number): number => Math.min(4096, Math.max(step, Math.round((pixels * by) / step) * step));
  return { width: side(image.width), height: side(image.height) };
}

/**
 * Check what a request says about pictures, and fill in what it leaves out.
 * @throws RangeError naming what cannot be, and what to do
 */
export function guide(
  { task }: Pick<Model, "task">,
  steps: number,
  { image, mask, strength, imageGuidance }: Guide,
): Guide {
  const changes = task === "instruct-pix2pix";
  if (changes && !image) throw new RangeError("image: this model changes a picture as it is told; give it one");
  for (const [what, value] of Object.entries({ mask, strength, "image guidance": imageGuidance }))
    if (value !== undefined && !image) throw new RangeError(`${what}: there is no image for it; give one`);
  if (!image) return {};
  if (changes) {
    if (mask) throw new RangeError("mask: this model changes the whole picture as it is told; leave the mask out");
    if (strength !== undefined)
      throw new RangeError(
        "strength: this model begins with noise; image guidance says how close it stays to the image",
      );
    const close = imageGuidance ?? 1.5;
    if (!(close >= 0 && close <= 100)) throw new RangeError(`image guidance: ${close} must be 0 to 100; 1.5 is usual`);
    return { image, imageGuidance: close };
  }
  if (imageGuidance !== undefined)
    throw new RangeError("image guidance: only models like instruct-pix2pix have it; strength is what this one knows");
  if (mask && showSize(mask) !== showSize(image))
    throw new RangeError(`mask: it is ${showSize(mask)} and the image ${showSize(image)}; both must be of one size`);
  const part = strength ?? (mask ? 1 : 0.75);
  if (!(part > 0 && part <= 1))
    throw new RangeError(`strength: ${part} must be above 0 (the image as it is) and at most 1 (almost nothing of it)`);
  if (walked(steps, part) < 1)
    throw new RangeError(
      `strength: ${part} of ${steps} steps is not one step; ${Math.ceil(1000 / steps) / 1000} is the least, or take more steps`,
    );
  return { image, ...(mask && { mask }), strength: part };
}

/** How many steps, the last ones, are walked from a picture. */
export const walked = (steps: number, strength: number): number => Math.floor(steps * strength);

/** What is done to an image before it is used, one sentence each. */
export function guideNotices({ image }: Guide, { width, height }: Size): string[] {
  if (!image || (image.width === width && image.height === height)) return [];
  const crop = image.width * height === image.height * width ? "" : "cropped about its centre and ";
  return [`${image.name ?? "The image"} is ${showSize(image)}; it is ${crop}drawn at ${width}x${height}.`];
}

/** How a walk begins, and how it goes on. */
export interface Beginning {
  readonly x: Tensor;
  readonly sigmas: Sigmas;
  readonly sample: Sampler;
  /** What the U-Net sees beside its latents, where it was made to. */
  readonly shown?: Tensor;
}

/** A walk from nothing, and where its noise comes from. */
interface Walk extends Pick<Beginning, "sigmas" | "sample"> {
  /** Draws all that is random, in diffusers' order. */
  readonly random: Pick<Random, "randn">;
  /** The noise that the picture grows from. */
  noise(): Tensor;
}

/**
 * Where a walk begins: at noise, or at an image with noise of the level that its strength says. As diffusers' pipelines for
 * image to image, inpainting and InstructPix2Pix, same seed, same picture.
 */
export async function begin(
  { model, encode }: Pick<Engine, "model" | "encode">,
  { image, mask, strength = 1, imageGuidance: _, ...settings }: Guide & Size & { readonly steps: number },
  { sigmas, sample, random, noise }: Walk,
): Promise<Beginning> {
  const { task } = model;
  const picture = image && fromPixels(fitted(image, settings));
  if (task === "instruct-pix2pix")
    return { x: scale(noise(), sigmas.start), sigmas, sample, shown: unscaled(model, await encode(picture!)) };

  const fresh = !picture || (strength === 1 && (task === "inpainting" || mask !== undefined));
  const randn = random.randn.bind(random);
  const clean = picture && !(fresh && task === "inpainting") ? await encode(picture, randn) : undefined;
  const grown = noise();
  const rest = picture ? lastSteps(sigmas, walked(settings.steps, strength)) : sigmas;
  const x = fresh ? scale(grown, sigmas.start) : noised(clean!, grown, rest.levels[0]);
  const start = { x, sigmas: rest, sample };
  if (task === "text-to-image" && !mask) return start;

  const where = picture && mask ? maskOf(mask, settings) : full([1, 1, settings.height, settings.width], 1);
  const small = latentMask(model, where);
  if (task === "inpainting") {
    const hard = map(where, (m) => (m < 0.5 ? 0 : 1));
    const left = picture ? masked(hard, zeros(picture.shape), picture) : zeros([1, 3, settings.height, settings.width]);
    const known = await encode(left, randn);
    return {
      ...start,
      shown: tensor(stack([channels(small), channels(known)]).data, [1, 1 + known.shape[1], ...known.shape.slice(2)]),
    };
  }
  // diffusers encodes what the mask leaves for any model; only the numbers that this draws matter here.
  randn(latentShape(model, settings.width, settings.height));
  return { ...start, sample: inpainting(sample, { clean: clean!, noise: grown, mask: small }) };
}

/** The picture that was drawn, with the image back where the mask is black. */
export function pasted(drawn: Tensor, { image, mask }: Guide, size: Size): Tensor {
  return image && mask ? masked(maskOf(mask, size), drawn, fromPixels(fitted(image, size))) : drawn;
}

/** How white a mask is [1,1,h,w], 0…1; what is transparent counts as black. */
function maskOf(mask: Pixels, { width, height }: Size): Tensor {
  const { data, channels: depth } = fitted(mask, { width, height }, { filter: "bilinear", ground: [0, 0, 0] });
  const grey = Float32Array.from({ length: width * height }, (_, i) => {
    const [r, g, b] = data.subarray(i * depth, i * depth + 3);
    return Math.round((299 * r + 587 * g + 114 * b) / 1000) / 255;
  });
  return tensor(grey, [1, 1, height, width]);
}

/**
 * The mask of the latents [1,1,h,w]: each looks at the first pixel of its square, 1 from half white on, as diffusers has it.
 * @throws RangeError when there would be nothing to draw
 */
function latentMask(model: Model, mask: Tensor): Tensor {
  const [, , height, width] = mask.shape;
  const [, , h, w] = latentShape(model, width, height);
  const step = sizeStep(model);
  const at = (i: number): number => mask.data[Math.floor(i / w) * step * width + (i % w) * step];
  const small = Float32Array.from({ length: h * w }, (_, i) => (at(i) < 0.5 ? 0 : 1));
  if (!small.includes(1))
    throw new RangeError(
      `mask: nothing would be drawn: white, where something new is wanted, covers none of its squares of ${step} pixels`,
    );
  return tensor(small, [1, 1, h, w]);
}

/** [1,c,h,w] as [c,h,w], to stand on others. */
const channels = (x: Tensor): Tensor => tensor(x.data, x.shape.slice(1));
