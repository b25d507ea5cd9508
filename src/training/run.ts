// run: carry a training run through: log it, save it every few minutes, show samples as it goes, stop when told. Node only.
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { writePage } from "./page.ts";
import { loadState, saveState } from "./state.ts";
import type { TrainingState, TrainStep } from "./train.ts";

/** What a person sees of a run while it goes on. */
export interface Progress extends TrainStep {
  readonly stage: string;
  readonly steps: number;
  /** Mean of the loss over the last hundred steps or so. */
  readonly smoothLoss: number;
  readonly picturesPerSecond: number;
  /** Seconds left at this rate. */
  readonly left: number;
}

export interface RunOptions {
  /** Names the run's files. */
  readonly stage: string;
  readonly folder: string;
  readonly steps: number;
  /** Pictures a step learns from. */
  readonly batch: number;
  readonly state: TrainingState;
  /** Starts (or goes on) training the state. */
  readonly train: () => AsyncIterable<TrainStep>;
  /** A picture (PNG) of what the model can do now. */
  readonly sheet?: (state: TrainingState) => Promise<Uint8Array>;
  readonly onProgress?: (progress: Progress) => void;
  /** Sees each sheet. */
  readonly onSheet?: (png: Uint8Array) => void;
  /** Stops after the step under way; the state is saved. */
  readonly signal?: AbortSignal;
  /** Seconds between saves. */
  readonly saveEvery?: number;
  /** Steps between sheets; unless told, twenty sheets in all, and 25 steps at least. */
  readonly sheetEvery?: number;
}

/** The file a run's state is kept in. */
export const stateFile = (folder: string, stage: string): string => join(folder, `${stage}.state.safetensors`);

/**
 * Train to the last step, going on from a saved state if there is one. Each twentieth step is a line of `${stage}.jsonl`;
 * `index.html` shows the folder's logs and sheets as they grow.
 * @returns whether the last step was reached (false when the signal stopped it)
 */
export async function run(options: RunOptions): Promise<boolean> {
  const { stage, folder, steps, batch, state, signal, saveEvery = 120 } = options;
  const { sheetEvery = Math.max(25, Math.ceil(steps / 20)) } = options;
  await mkdir(folder, { recursive: true });
  const path = stateFile(folder, stage);
  await loadState(path, state);
  const show = async (): Promise<void> => {
    if (!options.sheet) return;
    const png = await options.sheet(state);
    await writeFileAtomically(join(folder, `${stage}-${String(state.step).padStart(6, "0")}.png`), png);
    options.onSheet?.(png);
  };

  // The mean of the losses so far, those of long ago counting less; the weight undoes that it began at nothing.
  let [losses, weight] = [0, 0];
  let seconds: number | undefined;
  let saved = performance.now();
  for await (const step of options.train()) {
    losses += 0.02 * (step.loss - losses);
    weight += 0.02 * (1 - weight);
    const smoothLoss = losses / weight;
    seconds = seconds === undefined ? step.seconds : seconds + 0.05 * (step.seconds - seconds);
    const progress: Progress = {
      ...step,
      stage,
      steps,
      smoothLoss,
      picturesPerSecond: batch / seconds,
      left: (steps - step.step) * seconds,
    };
    options.onProgress?.(progress);
    if (step.step % 20 === 0) {
      const line = {
        time: new Date().toISOString(),
        step: step.step,
        ...step.metrics,
        smooth: smoothLoss,
        norm: step.norm,
        rate: step.rate,
        picturesPerSecond: batch / seconds,
      };
      await appendFile(join(folder, `${stage}.jsonl`), `${JSON.stringify(line)}\n`);
      await writePage(folder, true);
    }
    if (step.step % sheetEvery === 0) await show();
    if (performance.now() - saved > saveEvery * 1000) {
      await saveState(path, state);
      saved = performance.now();
    }
    if (signal?.aborted) break;
  }
  await saveState(path, state);
  if (state.step >= steps) await show();
  await writePage(folder, false);
  return state.step >= steps;
}

/** A progress line: `autoencoder 1200/8000 · loss 0.0712 · 41 pictures/s · 12 min left`. */
export function progressLine({ stage, step, steps, smoothLoss, picturesPerSecond, left }: Progress): string {
  const time =
    left >= 5400
      ? `${(left / 3600).toFixed(1)} h`
      : left >= 90
        ? `${Math.round(left / 60)} min`
        : `${Math.round(left)} s`;
  return `${stage} ${step}/${steps} · loss ${smoothLoss.toFixed(4)} · ${picturesPerSecond.toFixed(picturesPerSecond < 10 ? 1 : 0)} pictures/s · ${time} left`;
}
