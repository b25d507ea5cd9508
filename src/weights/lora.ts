// lora: a file of low-rank factors, read under the names that networks know, and checked against the weights they are added to.
import { sameShape, showShape } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";
import { renamed, type Wanted, type Weights } from "./weights.ts";

/** How PEFT, and diffusers with it, name the factors of a weight. */
const PEFT = /^(.+)\.lora_([AB])\.weight$/;

/** What diffusers calls a file of factors, in a folder of its own. */
export const LORA_FILE = "pytorch_lora_weights.safetensors";

const SHOWN = 8;

/**
 * The factors for one network in a file of factors, `MODULE.lora_A.weight` [r,i,…] and `MODULE.lora_B.weight` [o,r,…].
 * @param part what the file's names begin with for this network, such as `unet`
 * @param wanted the network's own weights
 * @param where the file, as errors should call it
 * @throws ModelError `mismatch` naming each tensor that has no weight here, lacks its other factor or has another shape (the
 *   first eight, then a count): nothing of a file is left out in silence
 */
export function loraFor(file: Weights, part: string, wanted: Iterable<Wanted>, where: string): Weights {
  const shapes = new Map([...wanted].map(({ name, shape }) => [name, shape]));
  const lora = renamed(file, (name) => (name.startsWith(`${part}.`) ? name.slice(part.length + 1) : name));
  const problems = lora.names().flatMap((name) => {
    const [, module, letter] = PEFT.exec(name) ?? [];
    if (module === undefined)
      return `${name}, which is no factor; expected MODULE.lora_A.weight and MODULE.lora_B.weight`;
    const shape = shapes.get(`${module}.weight`);
    if (!shape || shape.length < 2) return `${name}, and the ${part} has no weight of that name`;
    const [a, b] = ["A", "B"].map((l) => lora.info(`${module}.lora_${l}.weight`)?.shape);
    if (!a || !b) return `${name} without its lora_${letter === "A" ? "B" : "A"}`;
    const [out, ...kernel] = shape;
    const fits = sameShape(a, [a[0], ...kernel]) && sameShape(b, [out, a[0], ...kernel.slice(1).map(() => 1)]);
    return fits || letter === "B"
      ? []
      : `${name} ${showShape(a)} and lora_B ${showShape(b)}, which do not make ${showShape(shape)}`;
  });
  if (problems.length > 0) {
    const more = problems.length - SHOWN;
    const lines = problems.slice(0, SHOWN).map((problem) => `lora: ${where} has ${problem}.`);
    if (more > 0) lines.push(`… and ${more} more like ${more === 1 ? "it" : "these"}`);
    throw new ModelError("mismatch", lines.join("\n"));
  }
  return lora;
}
