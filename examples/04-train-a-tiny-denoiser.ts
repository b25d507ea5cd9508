// A diffusion model from nothing: a small network learns, by flow matching, to turn noise into −1 and 1.
import { denoiser, euler, finish, flowTable, networkInput, networkTarget, predictions, trailing } from "dreamgrain";
import { type Params, trace, type Value } from "dreamgrain/graph";
import { cpuGenerator, fromTensors, linear, ortNode, scale, type Tensor, tensor } from "dreamgrain/node";
import { begin, cosine, type Random, train } from "dreamgrain/training";

const inputs = { x: [256, 1], time: [256, 1] };
const column = (f: () => number): Tensor => tensor(Float32Array.from({ length: 256 }, f), [256, 1]);

function network(p: Params, { x, time }: { x: Value; time: Value }): Value {
  const h = linear(p.at("x"), x, 64).add(linear(p.at("time"), time, 64));
  return linear(p.at("out"), linear(p.at("middle"), h.tanh(), 64).tanh(), 1);
}

/** Noised numbers, how noisy each is, and what the network should say of it. */
function batch(_: number, { next, normal }: Random): { x: Tensor; time: Tensor; target: Tensor } {
  const [clean, noise] = [column(() => (next() < 0.5 ? -1 : 1)), column(normal)];
  const time = column(() => 0.001 + 0.998 * next());
  const levels = Array.from(time.data, (s) => s / (1 - s));
  const [x, target] = [networkInput, networkTarget].map((f) => f(predictions.flow, clean, noise, levels));
  return { x, time, target };
}

await using runtime = await ortNode({ threads: 1 });
const loss = trace({ ...inputs, target: [256, 1] }, (p, values) => ({
  loss: network(p, values).sub(values.target).square().mean(),
}));
const state = begin(loss, { seed: 1 });
for await (const step of train(runtime, loss, state, { steps: 1500, schedule: cosine(1e-2, 1500), batch }))
  if (step.step % 500 === 0) console.log(`step ${step.step}: loss ${step.loss.toFixed(3)}`);

const graph = trace(inputs, (p, values) => ({ said: network(p, values) }));
await using program = await runtime.compile(graph, fromTensors(state.average));
const answer = async (x: Tensor, t: number) => (await program.run({ x, time: column(() => t / 1000) })).said;
const sigmas = trailing(flowTable(), 30);
const noise = scale(cpuGenerator(2).randn([256, 1]), sigmas.start);
const { data } = await finish(euler(denoiser(answer, predictions.flow, sigmas.time), noise, sigmas));
console.log(`${data.filter((v) => Math.abs(Math.abs(v) - 1) < 0.2).length} of 256 landed within 0.2 of −1 or 1`);
