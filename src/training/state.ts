// state: a training run on disk, so that it can stop at any moment and go on later. Node only.
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { widen } from "../tensor/dtype.ts";
import { type AnyTensor, sameShape, showShape } from "../tensor/tensor.ts";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, type SafetensorsFile, writeSafetensors } from "../weights/safetensors-file.ts";
import type { Tensors } from "./adamw.ts";
import type { TrainingState } from "./train.ts";

const parts = (state: TrainingState): Record<string, Tensors> => ({
  params: state.params,
  average: state.average,
  first: state.moments.first,
  second: state.moments.second,
});

/** Write a run's state as one safetensors file; a crash while writing leaves the previous file as it was. */
export async function saveState(path: string, state: TrainingState): Promise<void> {
  const tensors: Record<string, AnyTensor> = {};
  for (const [part, all] of Object.entries(parts(state)))
    for (const [name, t] of Object.entries(all)) tensors[`${part}/${name}`] = t;
  await mkdir(dirname(path), { recursive: true });
  await writeSafetensors(path, tensors, { step: `${state.step}` });
}

/**
 * Read a saved state into a fresh one of the same graph.
 * @returns whether there was one
 * @throws ModelError when the file belongs to another graph
 */
export async function loadState(path: string, into: TrainingState): Promise<boolean> {
  if (!(await stat(path).catch(() => undefined))) return false;
  const file = await openSafetensors(path);
  for (const [part, all] of Object.entries(parts(into)))
    for (const [name, t] of Object.entries(all)) {
      const kept = widen(await file.read(`${part}/${name}`));
      if (!sameShape(kept.shape, t.shape))
        throw new ModelError(
          "mismatch",
          `train: ${path} holds ${part}/${name} ${showShape(kept.shape)}, and this recipe wants ${showShape(t.shape)}; train in another folder, or delete that file to begin the lesson anew`,
        );
      t.data.set(kept.data);
    }
  into.step = Number(file.metadata.step);
  return true;
}

/** A file of tensors that a run keeps, if it is there. */
export const openIfThere = (path: string): Promise<SafetensorsFile | undefined> =>
  openSafetensors(path).catch((error: unknown) => {
    if (error instanceof ModelError && error.code === "missing") return undefined;
    throw error;
  });
