// A model with its engine: opened by name, hosted in a child process, and ended at once by Ctrl-C.
import { defaultModel, type Engine, engine, findModel, isolated, type Model, openModel } from "dreamgrain/node";
import { EXIT, Interrupted } from "./errors.ts";

/** The model of `--model`, or the one to draw with when nobody says. */
export const openNamed = async (name: string | undefined): Promise<Model> =>
  openModel(name === undefined ? await defaultModel() : await findModel(name));

/**
 * Use a model on an engine of its own. Ctrl-C kills the engine, whatever it is doing, and a second one this process too.
 * @throws Interrupted saying what `left` tells of the work done so far
 */
export async function withEngine<T>(model: Model, left: () => string, use: (engine: Engine) => Promise<T>): Promise<T> {
  await using runtime = isolated();
  await using running = engine(model, runtime);
  let interrupted = false;
  const stop = (): void => {
    if (interrupted) process.exit(EXIT.interrupted);
    interrupted = true;
    void runtime.kill();
  };
  process.on("SIGINT", stop);
  try {
    const result = await use(running);
    if (interrupted) throw new Interrupted(`interrupted; ${left()}`);
    return result;
  } catch (error) {
    throw interrupted ? new Interrupted(`interrupted; ${left()}`) : error;
  } finally {
    process.off("SIGINT", stop);
    await runtime.kill(); // quicker than releasing each network first
  }
}
