// A model with its engine: opened by name, hosted in a child process, and ended at once by Ctrl-C.
import {
  availableMemory,
  type ClipModel,
  defaultModel,
  type Engine,
  engine,
  findModel,
  isolated,
  type LoadOptions,
  type Model,
  openClip,
  openModel,
  type PredictionName,
  predictions,
  type Runtime,
} from "dreamgrain/node";
import { EXIT, Interrupted, UsageError } from "./errors.ts";

/** The options that say which model. */
export interface ModelFlags {
  readonly model?: string;
  readonly vae?: string;
  readonly textEncoder?: string;
  readonly prediction?: string;
  readonly ema?: boolean;
  readonly fast?: boolean;
}

/** The model of `--model`, or the one to draw with when nobody says. */
export async function openNamed(flags: ModelFlags): Promise<Model> {
  const path = flags.model === undefined ? await defaultModel() : await findModel(flags.model);
  return openModel(path, choicesOf(flags));
}

/** What the options take from elsewhere, or otherwise than the model says. */
export const choicesOf = ({ vae, textEncoder, prediction, ema, fast }: ModelFlags): LoadOptions => ({
  ...(vae !== undefined && { vae }),
  ...(textEncoder !== undefined && { textEncoder }),
  ...(prediction !== undefined && { prediction: predictionOf(prediction) }),
  ...(ema && { average: true }),
  ...(fast && { fast: true }),
});

function predictionOf(name: string): PredictionName {
  const names = Object.keys(predictions) as PredictionName[];
  const found = names.find((known) => known === name);
  if (found) return found;
  throw new UsageError(`--prediction ${name}: expected ${names.join(", ")}`);
}

/** Use a model on an engine of its own, as `withRuntime` does. */
export const withEngine = <T>(
  model: Model,
  left: () => string,
  use: (engine: Engine, runtime: Runtime) => Promise<T>,
): Promise<T> => withRuntime(left, (runtime) => use(engine(model, runtime, { memory: availableMemory() }), runtime));

/** The model that compares texts and pictures: the one of a name or path, or the one to take when nobody says. */
export const openEye = async (name: string | undefined): Promise<ClipModel> =>
  openClip(name === undefined ? await defaultModel("distance") : await findModel(name, "distance"));

/**
 * Use a runtime in a process of its own. Ctrl-C kills it, whatever it is doing, and a second one this process too.
 * @throws Interrupted saying what `left` tells of the work done so far
 */
export async function withRuntime<T>(left: () => string, use: (runtime: Runtime) => Promise<T>): Promise<T> {
  await using runtime = isolated();
  let interrupted = false;
  const stop = (): void => {
    if (interrupted) process.exit(EXIT.interrupted);
    interrupted = true;
    void runtime.kill();
  };
  process.on("SIGINT", stop);
  try {
    const result = await use(runtime);
    if (interrupted) throw new Interrupted(`interrupted; ${left()}`);
    return result;
  } catch (error) {
    throw interrupted ? new Interrupted(`interrupted; ${left()}`) : error;
  } finally {
    process.off("SIGINT", stop);
    await runtime.kill(); // quicker than releasing each network first
  }
}
