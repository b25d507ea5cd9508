// lora: what a file of low-rank factors adds to the weights of a network. Hu et al. 2021.
import { widen } from "../tensor/dtype.ts";
import { type Shape, showShape, size, type Tensor } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";
import type { Weights } from "./weights.ts";

/** The factors of one weight, by their names in a file. */
interface Factors {
  /** A [r,i,…], which reads. */
  readonly down: string;
  /** B [o,r,…], which writes. */
  readonly up: string;
}

/** How PEFT, and diffusers with it, name the factors of a weight. */
const PEFT = /^(.+)\.lora_([AB])\.weight$/;

/**
 * Weights with a LoRA added: W + strength·B·A, computed in float32 when read. Tensors that it does not touch stay as they are,
 * mapped from their file where they lie in one.
 * @param lora factors named as PEFT and diffusers name them, `MODULE.lora_A.weight` and `MODULE.lora_B.weight`
 * @throws ModelError `mismatch` naming what of the LoRA has no weight here, lacks its other factor or has another shape
 */
export function withLora(weights: Weights, lora: Weights, strength = 1): Weights {
  const all = factorsOf(lora);
  const problems = [...all].flatMap(([name, factors]) => misfit(weights, lora, name, factors) ?? []);
  if (problems.length > 0) {
    const more = problems.length - SHOWN;
    const lines = problems.slice(0, SHOWN);
    if (more > 0) lines.push(`… and ${more} more like ${more === 1 ? "it" : "these"}`);
    throw new ModelError("mismatch", lines.join("\n"));
  }
  return {
    names: () => weights.names(),
    info: (name) => {
      const info = weights.info(name);
      return info && all.has(name) ? { dtype: "f32", shape: info.shape } : info;
    },
    async read(name) {
      const weight = await weights.read(name);
      const factors = all.get(name);
      if (!factors) return weight;
      const [down, up] = [await lora.read(factors.down!), await lora.read(factors.up!)].map(widen);
      return added(widen(weight), up, down, strength);
    },
  };
}

const SHOWN = 8;

/** The factors in a file, by the weight that they are added to. */
function factorsOf(lora: Weights): Map<string, Partial<Factors>> {
  const all = new Map<string, Partial<Factors>>();
  const strange: string[] = [];
  for (const name of lora.names()) {
    const [, module, letter] = PEFT.exec(name) ?? [];
    if (module === undefined) strange.push(name);
    else all.set(`${module}.weight`, { ...all.get(`${module}.weight`), [letter === "A" ? "down" : "up"]: name });
  }
  if (strange.length > 0)
    throw new ModelError(
      "unsupported",
      `lora: ${strange.slice(0, 3).join(", ")}${strange.length > 3 ? ` and ${strange.length - 3} more` : ""} are no factors as PEFT names them; expected MODULE.lora_A.weight and MODULE.lora_B.weight`,
    );
  return all;
}

/** What is wrong with the factors of a weight, if anything. */
function misfit(weights: Weights, lora: Weights, name: string, { down, up }: Partial<Factors>): string | undefined {
  const info = weights.info(name);
  if (!info) return `lora: ${down ?? up} is for ${name}, which the network does not have`;
  if (!down || !up)
    return `lora: ${down ?? up} is one factor of two; its ${down ? "lora_B" : "lora_A"} is not in the file`;
  const [a, b] = [lora.info(down)!.shape, lora.info(up)!.shape];
  const fits =
    info.shape.length > 1 &&
    a.length === info.shape.length &&
    a[0] === b[1] &&
    b[0] === info.shape[0] &&
    size(a.slice(1)) === size(info.shape.slice(1)) &&
    size(b) === b[0] * b[1];
  return fits
    ? undefined
    : `lora: ${down} ${showShape(a)} and ${up} ${showShape(b)} do not make ${name} ${showShape(info.shape)}`;
}

/** W + strength·B·A. */
function added(weight: Tensor, up: Tensor, down: Tensor, strength: number): Tensor {
  const [out, rank]: Shape = up.shape;
  const width = down.data.length / rank;
  const data = weight.data.slice();
  for (let o = 0; o < out; o++)
    for (let r = 0; r < rank; r++) {
      const factor = strength * up.data[o * rank + r];
      const from = r * width;
      const to = o * width;
      for (let i = 0; i < width; i++) data[to + i] += factor * down.data[from + i];
    }
  return { dtype: "f32", shape: weight.shape, data };
}
