// train: take gradient steps on a loss graph, one yield a step; state can be saved at any yield and taken up again.
import type { Graph } from "../graph/trace.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type AnyTensor, tensor } from "../tensor/tensor.ts";
import { type AdamWOptions, type Moments, moments, type Schedule, type Tensors } from "./adamw.ts";
import { alone, type IsMuons, type Trainer } from "./learner.ts";
import { type Random, random } from "./random.ts";

/** All that a run needs to go on: weights, their moving average, the optimiser's moments, how many steps are done. */
export interface TrainingState {
  readonly params: Tensors;
  readonly average: Tensors;
  readonly moments: Moments;
  step: number;
}

export interface TrainOptions<In extends string> extends AdamWOptions {
  /** The run ends after this many steps in all, those before a resume included. */
  readonly steps: number;
  readonly schedule: Schedule;
  /** Which of several losses a step learns from, counted from 0; the first unless told. */
  readonly turn?: (step: number) => number;
  /** What the step's loss is fed; draw from `random`, which depends on seed and step alone. */
  readonly batch: (step: number, random: Random) => Record<In, AnyTensor> | Promise<Record<In, AnyTensor>>;
  /** Which parameters Muon learns; AdamW learns the others, and all unless told. */
  readonly isMuons?: IsMuons;
  /** Gradients longer than this are shortened to it. */
  readonly clip?: number;
  /** Decay of the moving average. */
  readonly averageDecay?: number;
  readonly seed?: number;
}

export interface TrainStep {
  readonly step: number;
  readonly loss: number;
  /** Further scalar outputs of the loss graph. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Length of the whole gradient, before clipping. */
  readonly norm: number;
  readonly rate: number;
  readonly seconds: number;
}

/** Fresh weights for a graph, each drawn from its own stream: the same seed and name, the same values. */
export function initialise(graph: Graph, seed = 0): Tensors {
  return Object.fromEntries(
    [...graph.params.values()].map(({ attrs: { name, shape, init } }) => [
      name,
      tensor(init(shape, random(seed, name)), shape),
    ]),
  );
}

/** Where training begins: fresh weights, or given ones for the names they have. */
export function begin(graph: Graph, { seed = 0, from = {} }: { seed?: number; from?: Tensors } = {}): TrainingState {
  const params = initialise(graph, seed);
  for (const [name, t] of Object.entries(from)) if (name in params) params[name].data.set(t.data);
  const average = Object.fromEntries(
    Object.entries(params).map(([name, t]) => [name, tensor(t.data.slice(), t.shape)]),
  );
  return { params, average, moments: moments(params), step: 0 };
}

/**
 * Minimise a loss graph, or several of the same parameters in turn. Each yield has the state updated by one more step; stop by leaving the loop.
 * @param on what computes: an engine, or a trainer whose loss is drawn for one of its parts of a batch
 * @throws RangeError when the loss is no longer finite (the state is left as it was before that step)
 */
export async function* train<In extends string>(
  on: Runtime | Trainer,
  loss: Graph<In, string> | readonly Graph<In, string>[],
  state: TrainingState,
  options: TrainOptions<In>,
): AsyncGenerator<TrainStep> {
  const { steps, schedule, turn = () => 0, batch, clip = 1, averageDecay = 0.999, seed = 0, ...more } = options;
  const { isMuons, ...optimiser } = more;
  const trainer = "learner" in on ? on : alone(on);
  await using learner = await trainer.learner(Array.isArray(loss) ? loss : [loss], state, isMuons);
  while (state.step < steps) {
    const started = performance.now();
    const step = state.step + 1;
    const { metrics, norm } = await learner.look(await batch(step, random(seed, `step ${step}`)), turn(step));
    if (!Number.isFinite(norm) || !Number.isFinite(metrics.loss))
      throw new RangeError(`train: the loss is ${metrics.loss} at step ${step}; lower the learning rate`);
    const rate = schedule(step);
    await learner.learn({ step, rate, scale: Math.min(1, clip / norm), averageDecay, optimiser });
    state.step = step;
    yield { step, loss: metrics.loss, metrics, norm, rate, seconds: (performance.now() - started) / 1000 };
  }
}
