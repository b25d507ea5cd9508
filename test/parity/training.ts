// Parity of gradients and of one AdamW step with PyTorch: the `gradients` goldens, by the reference and by an engine.
import { readFileSync } from "node:fs";
import { type Graph, trace } from "../../src/graph/trace.ts";
import type { Value } from "../../src/graph/value.ts";
import { unetSpec, vaeSpec } from "../../src/models/config.ts";
import { unetTime } from "../../src/models/time.ts";
import { unet } from "../../src/models/unet.ts";
import { vaeDecode, vaeEncode } from "../../src/models/vae.ts";
import { ortNode } from "../../src/runtime/ort-node.ts";
import { type Array64, evaluate } from "../../src/runtime/reference.ts";
import { type AnyTensor, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { adamw, moments, type Tensors } from "../../src/training/adamw.ts";
import { withGradients } from "../../src/training/learner.ts";
import { formulaInput, formulaParam } from "../formula.ts";
import { golden } from "../goldens.ts";

/** One section: how many numbers were compared, the worst relative error, and what is allowed. */
export interface ParityRow {
  readonly section: string;
  readonly checked: number;
  readonly worst: number;
  readonly tolerance: number;
}

interface GradientGolden {
  readonly loss: number;
  readonly grad_norm_total: number;
  readonly grads: Readonly<Record<string, { readonly norm: number; readonly first3: readonly number[] }>>;
  readonly loss_after_1_adamw_step: number;
}

/** A loss graph, what it is fed, and what PyTorch found in double precision. */
export interface GradientCase {
  readonly name: string;
  readonly loss: Graph<string, "loss">;
  readonly inputs: Readonly<Record<string, AnyTensor>>;
  readonly expected: GradientGolden;
}

const { gradients } = JSON.parse(readFileSync(new URL("../golden/numerics-golden.json", import.meta.url), "utf8")) as {
  readonly gradients: Readonly<Record<string, GradientGolden>>;
};

/** The relative errors allowed to the double-precision reference and to a float32 engine, before and after a step. */
export const tolerances = { exact: 3e-7, float: 6e-6, step: 1e-7, floatStep: 5e-6 } as const;

/** The tiny U-Net of SD 1's shape under a squared error, batch 2, t = 981. */
function unetCase(): GradientCase {
  const { config, batch, H, W, tokens } = golden.models.unet_sd1_tiny;
  const spec = unetSpec(config);
  const latents = [batch, spec.inChannels, H, W];
  const inputs = {
    sample: formulaInput("input:sample", latents),
    time: unetTime(spec, new Array<number>(batch).fill(981)),
    context: formulaInput("input:text", [batch, tokens, spec.contextChannels]),
    target: formulaInput("input:target", latents),
  };
  return {
    name: "unet_sd1_tiny",
    loss: trace(shapes(inputs), (p, { target, ...x }) => ({ loss: unet(p, spec, x).sub(target).square().mean() })),
    inputs,
    expected: gradients["unet_sd1_tiny mse to input:target"],
  };
}

/** The tiny autoencoder under its usual loss: squared error + 1e-6·KL, z drawn with a fixed ε. */
function vaeCase(): GradientCase {
  const spec = vaeSpec(golden.models.vae_tiny.config);
  const inputs = { picture: formulaInput("input:image", [1, 3, 24, 32]), eps: formulaInput("input:eps", [1, 4, 6, 8]) };
  const loss = trace(shapes(inputs), (p, { picture, eps }) => {
    const { mean, logvar } = vaeEncode(p, spec, picture);
    const decoded = vaeDecode(p, spec, mean.add(logvar.mul(0.5).exp().mul(eps)));
    const kl = total(mean.square().add(logvar.exp()).sub(logvar).affine(0.5, -0.5));
    return { loss: decoded.sub(picture).square().mean().add(kl.mul(1e-6)) };
  });
  return { name: "vae_tiny", loss, inputs, expected: gradients["vae_tiny mse + 1e-6*kl(sum)"] };
}

const total = (x: Value): Value => x.sum().reshape([]);
const shapes = <K extends string>(inputs: Readonly<Record<K, Tensor>>) =>
  Object.fromEntries(Object.entries<Tensor>(inputs).map(([k, { shape }]) => [k, shape])) as Record<
    K,
    readonly number[]
  >;

export const gradientCases = (): GradientCase[] => [unetCase(), vaeCase()];

/** Computes a graph's outputs from inputs and parameters. */
type Run = (
  graph: Graph,
  inputs: Readonly<Record<string, AnyTensor>>,
  params: Tensors,
) => Promise<Readonly<Record<string, Array64 | Tensor>>>;

/** One case: its loss and gradients, then its loss after one step of AdamW at rate 1e-3. */
async function compare(c: GradientCase, run: Run): Promise<{ gradients: number[]; step: number[] }> {
  const params: Tensors = Object.fromEntries(
    [...c.loss.params].map(([name, { shape }]) => [name, formulaParam(name, shape)]),
  );
  const results = await run(withGradients(c.loss), c.inputs, params);
  const grads: Tensors = Object.fromEntries(
    Object.keys(params).map((name) => [name, tensor(Float32Array.from(results[`d ${name}`].data), params[name].shape)]),
  );
  const { loss, grad_norm_total, grads: recorded, loss_after_1_adamw_step } = c.expected;
  const length = (xs: ArrayLike<number>): number => Math.sqrt(Array.from(xs).reduce((sum, x) => sum + x * x, 0));
  const all = Object.keys(params).map((name) => length(results[`d ${name}`].data));
  const errors = [
    Math.abs(results.loss.data[0] - loss) / loss,
    Math.abs(length(all) - grad_norm_total) / grad_norm_total,
    ...Object.entries(recorded).flatMap(([name, { norm, first3 }]) => {
      const found = results[`d ${name}`].data;
      // A gradient that is zero but for rounding has no size of its own to be measured by.
      const unit = norm > 1e-6 * grad_norm_total ? norm : grad_norm_total;
      return [length(found) - norm, ...first3.map((g, i) => found[i] - g)].map((e) => Math.abs(e) / unit);
    }),
  ];
  adamw(params, grads, moments(params), 1, 1e-3, { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 });
  const after = (await run(c.loss, c.inputs, params)).loss.data[0];
  return { gradients: errors, step: [Math.abs(after - loss_after_1_adamw_step) / loss_after_1_adamw_step] };
}

const row = (section: string, errors: readonly number[], tolerance: number): ParityRow => ({
  section,
  checked: errors.length,
  worst: Math.max(...errors),
  tolerance,
});

/** By the reference runtime, in double precision. */
export async function compareExactly(c: GradientCase): Promise<ParityRow[]> {
  const found = await compare(c, async (graph, inputs, params) => evaluate(graph, inputs, params));
  return [
    row(`gradients ${c.name}: reference`, found.gradients, tolerances.exact),
    row(`gradients ${c.name}: reference, loss after a step of AdamW`, found.step, tolerances.step),
  ];
}

/** By ONNX Runtime, in float32. */
export async function compareOnEngine(c: GradientCase): Promise<ParityRow[]> {
  await using engine = await ortNode({ threads: 1 });
  const found = await compare(c, async (graph, inputs, params) => {
    await using program = await engine.compile(graph);
    return await program.run(inputs, params);
  });
  return [
    row(`gradients ${c.name}: ${engine.name}`, found.gradients, tolerances.float),
    row(`gradients ${c.name}: ${engine.name}, loss after a step of AdamW`, found.step, tolerances.floatStep),
  ];
}

/** The numbers that `npm run parity` prints for training. */
export async function trainingParity(): Promise<ParityRow[]> {
  const rows: ParityRow[] = [];
  for (const c of gradientCases()) rows.push(...(await compareExactly(c)), ...(await compareOnEngine(c)));
  return rows;
}
