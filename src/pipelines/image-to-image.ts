// Image to image: a picture that begins with another, fills in a part of it, or changes it as it is told.
import type { Step } from "../diffusion/samplers.ts";
import type { Engine } from "./engine.ts";
import type { PictureInput } from "./guide.ts";
import { type Picture, type Request, textToImage } from "./text-to-image.ts";

/** A request with an image. */
export type ImageRequest = Request & { readonly image: PictureInput };

/**
 * Make one picture from another: with an ordinary model from as much noise as `strength` says (Meng et al. 2022, SDEdit), with
 * a `mask` only where that is white; with a model made for inpainting, or for changing pictures as they are told, as that was
 * trained. It is `textToImage` with an image that must be there.
 * @throws RangeError as `settings` does
 */
export const imageToImage = (engine: Engine, request: ImageRequest): AsyncGenerator<Step, Picture, void> =>
  textToImage(engine, request);
