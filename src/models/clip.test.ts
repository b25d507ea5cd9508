// CLIP beyond its goldens: which states come out, short texts, and what is refused.
import { expect, test } from "vitest";
import { formulaWeights, relativeRms } from "../../test/goldens.ts";
import { trace } from "../graph/trace.ts";
import { evaluate } from "../runtime/reference.ts";
import { ints } from "../tensor/tensor.ts";
import { readAll } from "../weights/weights.ts";
import { type ClipTextSpec, clipText, clipTextGraph } from "./clip-text.ts";
import { clipVision } from "./clip-vision.ts";
import { specs } from "./specs.ts";

const tiny: ClipTextSpec = {
  ...specs.small.text,
  hidden: 8,
  heads: 2,
  layers: 3,
  intermediate: 16,
  vocabulary: 20,
  positions: 6,
};

test("a token sees only those before it", async () => {
  const graph = clipTextGraph(tiny, 2, ["last_hidden_state"]);
  const params = await readAll(formulaWeights(graph));
  const ids = ints([1, 2, 3, 4, 5, 6, 1, 2, 3, 9, 9, 9], [2, 6]);
  const { data } = evaluate(graph, { ids }, params).last_hidden_state;
  const [first, second] = [data.subarray(0, 48), data.subarray(48)];
  expect(relativeRms(second.subarray(0, 24), first.subarray(0, 24))).toBeLessThan(1e-14);
  expect(relativeRms(second.subarray(24), first.subarray(24))).toBeGreaterThan(1e-3);
});

test("a shorter text gives the first states of a longer one", async () => {
  const [long, short] = [6, 4].map((tokens) => clipTextGraph(tiny, 1, ["last_hidden_state"], tokens));
  const params = await readAll(formulaWeights(long));
  const whole = evaluate(long, { ids: ints([1, 2, 3, 4, 5, 6], [1, 6]) }, params).last_hidden_state.data;
  const part = evaluate(short, { ids: ints([1, 2, 3, 4], [1, 4]) }, params).last_hidden_state.data;
  expect(relativeRms(part, whole.subarray(0, 32))).toBeLessThan(1e-14);
});

test("a text longer than the model reads is refused with both numbers", () => {
  expect(() => clipTextGraph(specs.sd15.text, 1, ["last_hidden_state"], 78)).toThrow(/78 tokens.*at most 77/);
});

test("a graph holds what was asked for and no more", () => {
  const words = clipTextGraph(specs.sdxl.text2, 1, ["penultimate"]);
  expect(Object.keys(words.inputs)).toEqual(["ids"]);
  expect([...words.params.keys()].filter((n) => /layers\.31|final_layer_norm|text_projection/.test(n))).toEqual([]);
  const pooled = clipTextGraph(specs.sdxl.text2, 3, ["text_embeds"]);
  expect(pooled.outputs.text_embeds.shape).toEqual([3, 1280]);
  expect(Object.keys(pooled.inputs)).toEqual(["ids", "rows"]);
  expect(() => clipTextGraph(specs.sd15.text, 1, ["text_embeds"])).toThrow(/no text_projection/);
});

test("hidden states begin with the embeddings and number one more than the layers", () => {
  trace({ ids: { shape: [1, 6], dtype: "i32" } }, (p, { ids }) => {
    const states = clipText(p, tiny, ids);
    expect(states.hiddenStates.map((h) => h.shape)).toEqual(new Array(4).fill([1, 6, 8]));
    return { y: states.lastHiddenState };
  });
});

test("a picture of another size than the vision encoder's is refused", () => {
  const vision = () => trace({ x: [1, 3, 256, 224] }, (p, { x }) => ({ y: clipVision(p, specs.vision.L, x).pooled }));
  expect(vision).toThrow(/224×256, the model wants 224×224/);
});
