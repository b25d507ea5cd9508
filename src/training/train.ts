// train: take gradient steps on a loss graph, one yield a step; state can be saved at any yield and taken up again.
import { graph as drawn, type Graph } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type AnyTensor, type Tensor, tensor } from "../tensor/tensor.ts";
import {
  type AdamWOptions,
  adamw,
  type Moments,
  moments,
  norm,
  type Schedule,
  type Tensors,
  updateAverage,
} from "./adamw.ts";
import { type Random, random } from "./random.ts";
import { gradients } from "./vjp.ts";

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
  /** What the loss graph is fed at a step; draw from `random`, which depends on seed and step alone. */
  readonly batch: (step: number, random: Random) => Record<In, AnyTensor> | Promise<Record<In, AnyTensor>>;
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

/** A graph of scalar results, one called `loss`, with `d name` added for each parameter. */
export function withGradients<In extends string, Out extends string>(
  graph: Graph<In, Out | "loss">,
): Graph<In, string> {
  const outputs: Readonly<Record<string, Value>> = graph.outputs;
  const names = [...graph.params.keys()];
  const grads = gradients(outputs.loss, [...graph.params.values()] as unknown as Value[]);
  return drawn(graph.inputs, { ...outputs, ...Object.fromEntries(names.map((n, i) => [`d ${n}`, grads[i]])) });
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
 * Minimise a loss graph. Each yield has the state updated by one more step; stop by leaving the loop.
 * @throws RangeError when the loss is no longer finite (the state is left as it was before that step)
 */
export async function* train<In extends string>(
  runtime: Runtime,
  loss: Graph<In, string>,
  state: TrainingState,
  options: TrainOptions<In>,
): AsyncGenerator<TrainStep> {
  const { steps, schedule, batch, clip = 1, averageDecay = 0.999, seed = 0, ...optimiser } = options;
  await using program = await runtime.compile(withGradients(loss));
  const names = [...loss.params.keys()];
  while (state.step < steps) {
    const started = performance.now();
    const step = state.step + 1;
    const results: Readonly<Record<string, Tensor>> = await program.run(
      await batch(step, random(seed, `step ${step}`)),
      state.params,
    );
    const grads = Object.fromEntries(names.map((n) => [n, results[`d ${n}`]]));
    const length = norm(grads);
    const metrics = Object.fromEntries(Object.keys(loss.outputs).map((name) => [name, results[name].data[0]]));
    if (!Number.isFinite(length) || !Number.isFinite(metrics.loss))
      throw new RangeError(`train: the loss is ${metrics.loss} at step ${step}; lower the learning rate`);
    const rate = schedule(step);
    adamw(state.params, grads, state.moments, step, rate, optimiser, Math.min(1, clip / length));
    updateAverage(state.average, state.params, step, averageDecay);
    state.step = step;
    yield { step, loss: metrics.loss, metrics, norm: length, rate, seconds: (performance.now() - started) / 1000 };
  }
}
