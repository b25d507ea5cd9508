// A toy: a small network that learns, in this page, to turn noise into points of a shape. The library's own training code.

import { type Params, silu, trace, type Value } from "dreamgrain/graph";
import { begin, type Random, type TrainingState, train } from "dreamgrain/training/web";
import {
  cpuGenerator,
  denoiser,
  finish,
  flowTable,
  type HostedRuntime,
  heun,
  linear,
  type Network,
  networkInput,
  networkTarget,
  predictions,
  scale,
  type Tensor,
  tensor,
  timestepEmbedding,
  trailing,
} from "dreamgrain/web";

/** Points of a plane, x and y by turns, about −1…1. */
export type Points = Float32Array;

/** Points learned from at a step, and points drawn to look at. */
const BATCH = 256;
/** Sinusoids that a time is written as, and the width of the network. */
const [TIME, WIDTH] = [32, 64];
/** The times that the network knows. */
const table = flowTable();

/** How often waves repeat over the plane's unit that a place is also written as; without them a network sees little detail. */
const WAVES = [1, 2];
const PLACE = 2 + 4 * WAVES.length;

const inputs = { x: [BATCH, PLACE], time: [BATCH, TIME] } as const;

/** A place and a time through three layers to two numbers: which way the noise lies. */
function network(p: Params, { x, time }: Readonly<Record<"x" | "time", Value>>): Value {
  let h = linear(p.at("x"), x, WIDTH).add(linear(p.at("time"), time, WIDTH));
  for (const layer of ["first", "second", "third"]) h = linear(p.at(layer), silu(h), WIDTH);
  return linear(p.at("out"), silu(h), 2);
}

const loss = trace({ ...inputs, target: [BATCH, 2] }, (p, { target, ...given }) => ({
  loss: network(p, given).sub(target).square().mean(),
}));
const answer = trace(inputs, (p, given) => ({ said: network(p, given) }));

/** Fresh weights. */
export const freshState = (seed: number): TrainingState => begin(loss, { seed });

/** How many numbers there are to learn. */
export const PARAMETERS = [...loss.params.values()].reduce(
  (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
  0,
);

const times = (sigmas: readonly number[]): Tensor =>
  timestepEmbedding(
    sigmas.map((sigma) => table.time(sigma)),
    TIME,
  );

/** Places [n,2] as themselves and as waves of both coordinates. Tancik et al. 2020, eq. 5. */
function written({ data, shape: [count = 0] }: Tensor): Tensor {
  const out = new Float32Array(count * PLACE);
  for (let i = 0; i < count; i++) {
    const xy = data.subarray(2 * i, 2 * i + 2);
    const waves = WAVES.flatMap((k) => [...xy].flatMap((v) => [Math.sin(Math.PI * k * v), Math.cos(Math.PI * k * v)]));
    out.set([...xy, ...waves], i * PLACE);
  }
  return tensor(out, [count, PLACE]);
}

/** Some points of the shape under noise of all levels, and what the network should say of them. Liu et al. 2022. */
function batch(points: Points, { below, next, normal }: Random): Record<"x" | "time" | "target", Tensor> {
  const clean = new Float32Array(2 * BATCH);
  for (let i = 0; i < BATCH; i++) {
    const one = below(points.length / 2);
    clean.set(points.subarray(2 * one, 2 * one + 2), 2 * i);
  }
  const shape = [BATCH, 2];
  const noise = tensor(Float32Array.from({ length: 2 * BATCH }, normal), shape);
  const levels = Array.from({ length: BATCH }, () => table.sigma(next() * table.timesteps));
  const of = [predictions.flow, tensor(clean, shape), noise, levels] as const;
  return { x: written(networkInput(...of)), time: times(levels), target: networkTarget(...of) };
}

/** Learn on from where the state is, a yield for each step, until the loop is left. */
export const learn = (runtime: HostedRuntime, state: TrainingState, points: Points, rate: () => number) =>
  train(runtime, loss, state, {
    steps: Number.POSITIVE_INFINITY,
    schedule: rate,
    averageDecay: 0.995,
    batch: (_, random) => batch(points, random),
  });

/** Walk `BATCH` points from noise to wherever the network now takes them. */
export async function sampler(runtime: HostedRuntime) {
  const program = await runtime.compile(answer);
  return async (state: TrainingState, seed: number): Promise<Points> => {
    const ask: Network = async (x, time) => {
      const sinusoids = timestepEmbedding(new Array<number>(BATCH).fill(time), TIME);
      return (await program.run({ x: written(x), time: sinusoids }, state.average)).said;
    };
    const sigmas = trailing(table, 16);
    const noise = scale(cpuGenerator(seed).randn([BATCH, 2]), sigmas.start);
    return (await finish(heun(denoiser(ask, predictions.flow, sigmas.time), noise, sigmas))).data;
  };
}

const turn = 2 * Math.PI;
const around = (count: number, at: (t: number) => readonly [number, number]): Points =>
  Float32Array.from(Array.from({ length: count }, (_, i) => at(i / count)).flat());

/** Shapes to learn, by name. */
export const shapes: Readonly<Record<string, Points>> = {
  ring: around(600, (t) => [Math.cos(turn * t), Math.sin(turn * t)]),
  moons: around(600, (t) => {
    const half = t < 0.5;
    const angle = turn * t;
    return half
      ? [Math.cos(angle) * 0.8 - 0.35, -Math.sin(angle) * 0.8 + 0.2]
      : [Math.cos(angle) * 0.8 + 0.35, -Math.sin(angle) * 0.8 - 0.2];
  }),
  spiral: around(600, (t) => {
    const r = 0.15 + 0.95 * Math.sqrt(t);
    return [r * Math.cos(1.75 * turn * Math.sqrt(t)), r * Math.sin(1.75 * turn * Math.sqrt(t))];
  }),
  face: around(600, (t) => {
    if (t < 0.6) return [Math.cos((turn * t) / 0.6), Math.sin((turn * t) / 0.6)];
    if (t < 0.7) return [-0.35 + 0.06 * Math.cos(turn * t * 10), -0.3 + 0.06 * Math.sin(turn * t * 10)];
    if (t < 0.8) return [0.35 + 0.06 * Math.cos(turn * t * 10), -0.3 + 0.06 * Math.sin(turn * t * 10)];
    const smile = Math.PI * (0.15 + 0.7 * ((t - 0.8) / 0.2));
    return [0.6 * Math.cos(smile), 0.6 * Math.sin(smile)];
  }),
};
