// Training: how much arithmetic a second a whole step gets through, beside a bare ONNX Runtime session that does nothing
// but the forward convolutions of the same network. Everything is counted by the same `flops`.
import * as ort from "onnxruntime-node";
import { flops } from "../src/graph/flops.ts";
import { type Graph, graph } from "../src/graph/trace.ts";
import { constant, draw, input, is, type Value } from "../src/graph/value.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../src/models/config.ts";
import { vaeFactor } from "../src/models/vae.ts";
import { emit } from "../src/onnx/emit.ts";
import { ortNode } from "../src/runtime/ort-node.ts";
import { type AnyTensor, ints, size, type Tensor, tensor } from "../src/tensor/tensor.ts";
import { decoderLoss } from "../src/training/autoencoder.ts";
import { denoiserLoss } from "../src/training/denoiser.ts";
import { alone, type IsMuons, withGradients } from "../src/training/learner.ts";
import { isHidden, orthogonalGraph } from "../src/training/muon.ts";
import { random } from "../src/training/random.ts";
import { RECIPES } from "../src/training/sizes.ts";
import { team } from "../src/training/team.ts";
import { begin, train } from "../src/training/train.ts";
import { inTurn, record, type Work } from "./measure.ts";

const { side, configs, decoder } = RECIPES.default;
/** What two cores hold; the recipe's own batches are a card's. */
const BATCH = 64;
const normal = random(1, "bench").fillNormal;
const noise = (shape: readonly number[]): Tensor => tensor(normal(new Float32Array(size(shape))), shape);

/** The networks that the recipe trains, and how. */
const losses: readonly { name: string; loss: (batch: number) => Graph<string, string>; isMuons?: IsMuons }[] = [
  {
    name: "decoder",
    loss: (batch) => decoderLoss(vaeSpec(configs.vae), batch, decoder.square, decoder),
  },
  {
    name: "U-Net and text encoder, Muon",
    isMuons: isHidden,
    loss: (batch) => {
      const specs = { unet: unetSpec(configs.unet), text: clipTextSpec(configs.text_encoder) };
      return denoiserLoss(specs, batch, side / vaeFactor(vaeSpec(configs.vae)));
    },
  },
];

/** The convolutions of a graph and nothing else: each on an input of its own, with its weight as a constant. */
function convolutions(from: Graph): Graph {
  const inputs: Record<string, Value> = {};
  const outputs: Record<string, Value> = {};
  for (const v of from.nodes) {
    if (!is(v, "conv2d")) continue;
    const [x, weight] = v.inputs;
    const name = `x ${x.shape}`;
    inputs[name] ??= input(name, x.shape);
    outputs[`${Object.keys(outputs).length}`] = draw("conv2d", v.attrs, inputs[name], constant(noise(weight.shape)));
  }
  return graph(inputs, outputs);
}

/** A session with ONNX Runtime's own defaults, as anybody would open it. */
async function bareSession(g: Graph, threads: number): Promise<{ run: Work; release: () => Promise<void> }> {
  const session = await ort.InferenceSession.create(
    emit(g, () => ({ kind: "input" })),
    { intraOpNumThreads: threads },
  );
  const feeds = Object.fromEntries(
    Object.entries<Value>(g.inputs).map(([name, { shape }]) => [name, new ort.Tensor(noise(shape).data, shape)]),
  );
  return { run: () => session.run(feeds), release: () => session.release() };
}

function example(g: Graph, parts: number): Record<string, AnyTensor> {
  return Object.fromEntries(
    Object.entries<Value>(g.inputs).map(
      ([
        name,
        {
          shape: [batch, ...rest],
          dtype,
        },
      ]) => {
        const shape = [parts * batch, ...rest];
        return [name, dtype === "i32" ? ints(new Int32Array(size(shape)).fill(5), shape) : noise(shape)];
      },
    ),
  );
}

export async function benchTraining(seconds: number, keep: boolean): Promise<void> {
  for (const threads of [1, 2])
    for (const { name, loss, isMuons = () => false } of losses) {
      // Two threads train as the recipe does: two engines, each with half of the batch.
      const g = loss(BATCH / threads);
      const bare = convolutions(loss(BATCH));
      const state = begin(g, { seed: 1 });
      const given = example(g, threads);
      const trainer = threads === 1 ? alone(await ortNode({ threads })) : team(threads);
      const options = { steps: Number.POSITIVE_INFINITY, schedule: () => 1e-4, batch: () => given, isMuons };
      const matrices = [...g.params].filter(([param, { shape }]) => isMuons(param, shape));
      const turning = matrices.map(
        ([
          ,
          {
            shape: [rows, ...rest],
          },
        ]) => flops(orthogonalGraph(rows, size(rest))),
      );
      const steps = train(trainer, g, state, options);
      const session = await bareSession(bare, threads);

      const [ours, theirs] = await inTurn([() => steps.next(), session.run], seconds);
      await steps.return(undefined);
      await session.release();

      const all = threads * flops(withGradients(g)) + turning.reduce((a, b) => a + b, 0);
      const [work, bareWork] = [all / 1e9, flops(bare) / 1e9];
      const compared = (unit: string, mine: number, bares: number): string =>
        `${mine.toFixed(0)} ${unit}, bare convolutions ${bares.toFixed(0)}, ratio ${((100 * mine) / bares).toFixed(0)} %`;
      record(
        `training step, ${name}, batch ${BATCH}, ${threads} thread${threads > 1 ? "s" : ""}`,
        [
          compared("GFLOP/s", work / ours.seconds, bareWork / theirs.seconds),
          compared("GFLOP per cpu-second", work / ours.cpu, bareWork / theirs.cpu),
          `${(BATCH / ours.seconds).toFixed(0)} pictures/s`,
        ].join("; "),
        keep,
      );
    }
}
