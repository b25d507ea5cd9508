// Guidance by a picture and by words at once: how close to stay to the one, how hard to follow the others.
import { type Tensor, zip } from "../tensor/tensor.ts";
import type { Denoise } from "./denoise.ts";

/** Denoisers that see the picture and the words, the picture alone, and neither. */
export interface Sights {
  readonly both: Denoise;
  readonly picture: Denoise;
  readonly neither: Denoise;
}

/**
 * D = D_neither + image·(D_picture − D_neither) + words·(D_both − D_picture). Brooks et al. 2023 (InstructPix2Pix), eq. 3.
 *
 * As with `guided`, that equals the same formula on the networks' outputs. Where both scales are 1, D is D_both.
 * @param scales of the words (7.5 is usual) and of the picture (1.5 is usual)
 */
export function guidedByPicture(
  { both, picture, neither }: Sights,
  scales: { readonly words: number; readonly image: number },
): Denoise {
  for (const [what, scale] of Object.entries(scales))
    if (!Number.isFinite(scale)) throw new RangeError(`guidance: ${what} ${scale}; expected a number such as 1.5`);
  const { words, image } = scales;
  if (words === 1 && image === 1) return both;
  return async (x, sigma) => {
    const [all, seen, none] = await Promise.all([both(x, sigma), picture(x, sigma), neither(x, sigma)]);
    const plain: Tensor = zip(none, seen, (n, s) => n + image * (s - n));
    const follow: Tensor = zip(seen, all, (s, a) => words * (a - s));
    return zip(plain, follow, (p, f) => p + f);
  };
}
