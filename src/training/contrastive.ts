// contrastive: the loss that brings a caption near its pictures and away from others', and the batches it learns from.
import { type Graph, trace } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { type ClipSpec, logitScale, normalized } from "../models/clip.ts";
import { clipText, pooledText, textEmbeds } from "../models/clip-text.ts";
import { clipVision } from "../models/clip-vision.ts";
import { type AnyTensor, ints, tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { augmented } from "./augment.ts";
import type { Random } from "./random.ts";

type In = "pixels" | "ids" | "rows" | "positives";

/**
 * The symmetric cross-entropy between pictures and texts: of the texts of a batch a picture is to find its own, of the pictures
 * a text. Radford et al. 2021, figure 3; with several positives, Khosla et al. 2020, equation 2. Parameters as in a CLIPModel;
 * `scale` is the learned inverse of the temperature.
 * Inputs: `rows` [b] says where the end tokens of `ids` [b,n] stand (text·n + position), `positives` [b,b] of which texts a
 * picture is the picture: symmetric, each row adds up to 1.
 */
export function contrastiveLoss({ text, vision }: ClipSpec, batch: number): Graph<In, "loss" | "scale"> {
  const inputs = {
    pixels: [batch, 3, vision.image, vision.image],
    ids: { shape: [batch, text.positions], dtype: "i32" as const },
    rows: { shape: [batch], dtype: "i32" as const },
    positives: [batch, batch],
  };
  return trace<In, "loss" | "scale">(inputs, (p, { pixels, ids, rows, positives }) => {
    const texts = normalized(textEmbeds(p, text, pooledText(clipText(p, text, ids), rows)));
    const pictures = normalized(clipVision(p, vision, pixels).imageEmbeds);
    const scale = logitScale(p);
    const cross = (a: Value, b: Value): Value =>
      a.matmul(b, { transB: true }).mul(scale).logSoftmax().mul(positives).sum();
    const loss = cross(pictures, texts).add(cross(texts, pictures));
    return { loss: loss.mul(-0.5 / batch), scale };
  });
}

/** Where pictures and captions come from. */
export interface CaptionedSet {
  readonly count: number;
  /** Picture i in −1…1, planar RGB: a view, not to be written to. */
  picture(i: number): Float32Array;
  /** A caption of picture i; several are possible. */
  caption(i: number, random: Random): string;
}

/**
 * A batch for `contrastiveLoss`: different pictures, each a little changed but never mirrored, and a caption of each.
 * Captions that read alike, as bare nouns do, are captions of one another's pictures.
 */
export function contrastiveBatch(
  { text: { positions }, vision: { image } }: ClipSpec,
  set: CaptionedSet,
  tokenizer: Tokenizer,
  batch: number,
  random: Random,
): Record<In, AnyTensor> {
  const width = 3 * image * image;
  const pixels = new Float32Array(batch * width);
  const ids = new Int32Array(batch * positions);
  const rows = new Int32Array(batch);
  const readings: string[] = [];
  for (const [b, i] of different(batch, set.count, random).entries()) {
    pixels.set(augmented(set.picture(i), image, random), b * width);
    const read = tokenizer.encode(set.caption(i, random));
    ids.set(read.ids.data, b * positions);
    rows[b] = b * positions + read.ends[0];
    readings.push(read.ids.data.join());
  }
  const positives = new Float32Array(batch * batch);
  for (let a = 0; a < batch; a++) {
    const same = readings.filter((reading) => reading === readings[a]).length;
    for (let b = 0; b < batch; b++) if (readings[b] === readings[a]) positives[a * batch + b] = 1 / same;
  }
  return {
    pixels: tensor(pixels, [batch, 3, image, image]),
    ids: ints(ids, [batch, positions]),
    rows: ints(rows, [batch]),
    positives: tensor(positives, [batch, batch]),
  };
}

/** Different whole numbers below `below`, in random order. */
function different(count: number, below: number, random: Random): number[] {
  if (count > below) throw new RangeError(`contrastive: a batch of ${count} from ${below} pictures`);
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.below(below));
  return [...drawn];
}
