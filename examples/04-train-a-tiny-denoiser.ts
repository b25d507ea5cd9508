// A diffusion model from nothing: a small network learns, by flow matching, to turn noise into numbers near −1 and 1.
import { cpuGenerator, denoiser, euler, finish, flowTable, predictions, scale, tensor, trailing } from "dreamgrain";
import { type Params, trace, type Value } from "dreamgrain/graph";
import { fromTensors, ortNode } from "dreamgrain/node";
import { begin, cosine, type Random, train } from "dreamgrain/training";

const N = 256;
const column = (f: () => number) => tensor(Float32Array.from({ length: N }, f), [N, 1]);

function network(p: Params, x: Value, time: Value): Value {
  const layer = (name: string, v: Value, out: number): Value => {
    const width = v.shape[1];
    const weight = p
      .at(name)
      .get("weight", [width, out], (_, { normal }) =>
        Float32Array.from({ length: width * out }, () => normal() / Math.sqrt(width)),
      );
    return v
      .matmul(weight)
      .add(p.at(name).get("bias", [out], (_, { normal }) => Float32Array.from({ length: out }, normal)));
  };
  return layer(
    "out",
    layer(
      "middle",
      layer("x", x, 64)
        .add(layer("time", time.mul(4), 64))
        .tanh(),
      64,
    ).tanh(),
    1,
  );
}

/** Noisy numbers (1−s)·x₀ + s·ε, how noisy each is, and what the network should say: ε − x₀. */
function batch(_: number, { next, normal }: Random) {
  const rows = Array.from({ length: N }, () => ({ s: next(), noise: normal(), clean: next() < 0.5 ? -1 : 1 }));
  const over = (f: (row: (typeof rows)[0]) => number) => tensor(rows.map(f), [N, 1]);
  return {
    x: over((r) => (1 - r.s) * r.clean + r.s * r.noise),
    time: over((r) => r.s),
    target: over((r) => r.noise - r.clean),
  };
}

const inputs = { x: [N, 1], time: [N, 1] };
const loss = trace({ ...inputs, target: [N, 1] }, (p, { x, time, target }) => {
  return { loss: network(p, x, time).sub(target).square().mean() };
});
await using runtime = await ortNode({ threads: 1 });
const state = begin(loss, { seed: 1 });
const options = { steps: 1500, schedule: cosine(1e-2, 1500), batch };
for await (const { step, loss: now } of train(runtime, loss, state, options))
  if (step % 500 === 0) console.log(`step ${step}: loss ${now.toFixed(3)}`);

const answer = await runtime.compile(
  trace(inputs, (p, { x, time }) => ({ y: network(p, x, time) })),
  fromTensors(state.average),
);
const sigmas = trailing(flowTable(), 30);
const denoise = denoiser(
  async (x, t) => (await answer.run({ x, time: column(() => t / 1000) })).y,
  predictions.flow,
  sigmas.time,
);
const { data } = await finish(euler(denoise, scale(cpuGenerator(2).randn([N, 1]), sigmas.start), sigmas));
for (let at = -1.6; at < 1.7; at += 0.2)
  console.log(at.toFixed(1).padStart(4), "#".repeat(data.filter((v) => Math.abs(v - at) < 0.1).length / 2));
