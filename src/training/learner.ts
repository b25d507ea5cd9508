// learner: what a training step is made of, gradients first, then the update; on one engine here, on several in team.ts.
import { graph as drawn, type Graph } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { AnyTensor, Shape, Tensor } from "../tensor/tensor.ts";
import { type AdamWOptions, adamw, norm, type Tensors, updateAverage } from "./adamw.ts";
import { muon } from "./muon.ts";
import type { TrainingState } from "./train.ts";
import { gradients } from "./vjp.ts";

/** One step of the optimiser, by the gradients that were computed last. */
export interface Update {
  /** Counts from 1. */
  readonly step: number;
  readonly rate: number;
  /** Factor on every gradient, as clipping asks for. */
  readonly scale: number;
  readonly averageDecay: number;
  readonly optimiser: AdamWOptions;
}

/** Trains one state on one loss, or on several of the same parameters in turn. */
export interface Learner<In extends string> extends AsyncDisposable {
  /**
   * Compute the gradients of a batch; the state stays what it is. `norm` is the length of all of them together.
   * @param which of the losses
   */
  look(batch: Record<In, AnyTensor>, which: number): Promise<{ metrics: Record<string, number>; norm: number }>;
  /** Apply them: AdamW, and Muon where parameters are its own, then the moving average. */
  learn(update: Update): Promise<void>;
}

/** Whether Muon learns a parameter. */
export type IsMuons = (name: string, shape: Shape) => boolean;

export interface Trainer {
  /** How many parts a batch comes in: a loss is drawn for one of them, on axis 0 of its inputs. */
  readonly parts: number;
  /** @param isMuons none unless told */
  learner<In extends string>(
    losses: readonly Graph<In, string>[],
    state: TrainingState,
    isMuons?: IsMuons,
  ): Promise<Learner<In>>;
}

/**
 * A graph of scalar results with `d name` added for each parameter: the gradient of the result called `loss`, or, for networks that
 * learn against each other, of the one called `loss PLACE` for parameters at that place.
 */
export function withGradients<In extends string, Out extends string>(
  graph: Graph<In, Out | "loss">,
): Graph<In, string> {
  const outputs: Readonly<Record<string, Value>> = graph.outputs;
  const own = Object.keys(outputs).filter((output) => output.startsWith("loss "));
  const lossOf = (name: string): string => own.find((loss) => name.startsWith(`${loss.slice(5)}.`)) ?? "loss";
  const grads = ["loss", ...own].flatMap((loss) => {
    const some = [...graph.params].filter(([name]) => lossOf(name) === loss);
    const found = gradients(outputs[loss], some.map(([, value]) => value) as unknown as Value[]);
    return some.map(([name], i) => [`d ${name}`, found[i]] as const);
  });
  return drawn(graph.inputs, { ...outputs, ...Object.fromEntries(grads) });
}

/** Training on one engine. */
export const alone = (runtime: Runtime): Trainer => ({
  parts: 1,
  async learner<In extends string>(
    losses: readonly Graph<In, string>[],
    state: TrainingState,
    isMuons: IsMuons = () => false,
  ): Promise<Learner<In>> {
    const matrices = new Set(Object.keys(state.params).filter((name) => isMuons(name, state.params[name].shape)));
    const [turned, others] = [true, false].map(
      (which) =>
        (tensors: Tensors): Tensors =>
          Object.fromEntries(Object.entries(tensors).filter(([name]) => matrices.has(name) === which)),
    );
    const turner = muon(runtime);
    const programs = await Promise.all(losses.map((loss) => runtime.compile(withGradients(loss))));
    let grads: Tensors = {};
    return {
      async look(batch, which) {
        const { params, outputs } = losses[which];
        const results: Readonly<Record<string, Tensor>> = await programs[which].run(batch, state.params);
        grads = Object.fromEntries([...params.keys()].map((name) => [name, results[`d ${name}`]]));
        const metrics = Object.keys(outputs).map((name) => [name, results[name].data[0]] as const);
        return { metrics: Object.fromEntries(metrics), norm: norm(grads) };
      },
      async learn({ step, rate, scale, averageDecay, optimiser }) {
        const { first, second } = state.moments;
        const moments = { first: others(first), second: others(second) };
        adamw(others(state.params), others(grads), moments, step, rate, optimiser, scale);
        await turner.step(turned(state.params), turned(grads), turned(first), { ...optimiser, rate, scale });
        updateAverage(state.average, state.params, step, averageDecay);
      },
      async [Symbol.asyncDispose]() {
        for (const program of [...programs, turner]) await program[Symbol.asyncDispose]();
      },
    };
  },
});
