// The loss that gives a decoder texture: what the critic and the decoder each learn from, and that a critic can tell.
import { expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { vaeSpec } from "../models/config.ts";
import { configs } from "../models/specs.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { decoderLoss } from "./autoencoder.ts";
import { critic, texturedLoss } from "./critic.ts";
import { withGradients } from "./learner.ts";
import { random } from "./random.ts";
import { begin, initialise, train } from "./train.ts";

const spec = vaeSpec({ ...configs.small.vae, latent_channels: 3, block_out_channels: [16, 16, 16] });
const [batch, side] = [2, 16];
const std = [2, 1, 0.5];
const weights = { edges: 0.5, verdict: 0.02, features: 0.3 };
const { fillNormal } = random(7, "critic");
const given = {
  picture: tensor(fillNormal(new Float32Array(batch * 3 * side * side)), [batch, 3, side, side]),
  latents: tensor(fillNormal(new Float32Array(batch * 3 * 4)), [batch, 3, 2, 2]),
};

it("a critic has one verdict for each latent pixel, and features at each size", () => {
  const { outputs } = trace({ picture: [2, 3, 32, 48], latents: [2, 3, 4, 6] }, (p, { picture, latents }) => {
    const { verdict, features } = critic(p, picture, latents);
    return { verdict, ...Object.fromEntries(features.map((f, i) => [`${i}`, f])) };
  });
  expect(Object.values(outputs).map(({ shape }) => shape.join())).toEqual(
    expect.arrayContaining(["2,1,4,6", "2,64,16,24", "2,96,8,12", "2,128,4,6"]),
  );
});

it("the decoder descends its own loss and the critic its own, whatever the other's is", async () => {
  const graph = withGradients(texturedLoss(spec, batch, side, weights, std));
  const plain = withGradients(texturedLoss(spec, batch, side, { edges: 0.5, verdict: 0, features: 0 }, std));
  const alone = withGradients(decoderLoss(spec, batch, side, weights));
  const params = initialise(graph, 5);
  // The last layer of a fresh decoder is nothing, and nothing before it would learn.
  params["decoder.conv_out.weight"].data.forEach((_, i, all) => {
    all[i] = 0.1 * Math.sin(i);
  });
  const [textured, unweighed, decoder] = await Promise.all(
    [graph, plain, alone].map(async (g) => {
      await using program = await referenceRuntime().compile(g);
      return program.run(given, params) as Promise<Record<string, { data: Float32Array }>>;
    }),
  );
  const differs = (a: Float32Array, b: Float32Array): number => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
  const name = "d decoder.conv_in.weight";
  expect(differs(unweighed[name].data, decoder[name].data)).toBeLessThan(1e-7);
  expect(differs(textured[name].data, decoder[name].data)).toBeGreaterThan(1e-5);
  expect(textured["d critic.conv_in.weight"].data).toEqual(unweighed["d critic.conv_in.weight"].data);
  expect(textured["loss critic"].data).toEqual(unweighed["loss critic"].data);
});

it("a critic learns to tell a decoder that stands still from what is true", { timeout: 60_000 }, async () => {
  const loss = texturedLoss(spec, batch, side, weights, std);
  const state = begin(loss, { seed: 5 });
  const fixed = Object.keys(state.params).filter((name) => name.startsWith("decoder."));
  const before = fixed.map((name) => state.params[name].data.slice());
  const seen: number[] = [];
  const options = { steps: 12, schedule: () => 3e-3, weightDecay: 0, seed: 1, batch: () => given };
  for await (const { metrics } of train(referenceRuntime(), loss, state, options)) {
    seen.push(metrics["loss critic"]);
    for (const [i, name] of fixed.entries()) state.params[name].data.set(before[i]);
  }
  expect(seen[0]).toBeCloseTo(2, 0); // a fresh critic says next to nothing
  expect(seen.at(-1)!).toBeLessThan(0.7 * seen[0]);
});
