// Settings in pictures: what each program wrote comes back as a request, and what is not here is said.
import { defaultModel } from "dreamgrain/node";
import { beforeAll, describe, expect, it } from "vitest";
import { type KnownModel, openModels } from "./models.ts";
import { settingsIn } from "./read-settings.ts";

let usual: KnownModel;
beforeAll(async () => {
  ({ usual } = await openModels(await defaultModel()));
});
const read = (texts: Record<string, string>) => settingsIn({ texts, width: 64, height: 64 }, [usual], usual);

describe("settings", () => {
  it("of A1111", () => {
    const parameters = `a cat, (red:1.2)
Negative prompt: blurry
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 18446744073709551615, Size: 512x768, Model hash: 6ce0161689, Model: v1-5, Denoising strength: 0.5, Clip skip: 2, Hires upscale: 2, Version: v1.10.1`;
    const { program, request, notices } = read({ parameters });
    expect(program).toBe("a1111");
    expect(request).toEqual({
      ...{ prompt: "a cat, (red:1.2)", negative: "blurry", steps: 28, sampler: "DPM++ 2M", schedule: "Karras" },
      ...{ guidance: 6.5, seed: "18446744073709551615", clipSkip: 2, rng: "nv", count: 1 },
    });
    for (const what of ["v1-5", "512x768", "Hires upscale", "Denoising strength"])
      expect(notices.some((notice) => notice.includes(what))).toBe(true);
  });
  it("of ComfyUI, along its links", () => {
    const prompt = `{
      "3": {"class_type": "KSampler", "inputs": {"seed": 156680208700286123, "steps": 20, "cfg": 8, "sampler_name": "euler_ancestral",
        "scheduler": "normal", "denoise": 1, "positive": ["12", 0], "negative": ["7", 0], "latent_image": ["5", 0], "model": ["4", 0]}},
      "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "other.safetensors"}},
      "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 96, "batch_size": 1}},
      "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a \\"12345678901234567\\" boat", "clip": ["4", 1]}},
      "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "rain", "clip": ["4", 1]}},
      "12": {"class_type": "ConditioningSetArea", "inputs": {"conditioning": ["6", 0]}}}`;
    expect(read({ prompt, workflow: "{}" })).toMatchObject({
      program: "comfyui",
      request: {
        ...{ prompt: 'a "12345678901234567" boat', negative: "rain", seed: "156680208700286123", steps: 20 },
        ...{ guidance: 8, sampler: "euler_ancestral", schedule: "normal", width: 64, height: 96 },
      },
    });
  });
  it("of InvokeAI", () => {
    const said = {
      positive_prompt: "a fox",
      negative_prompt: "",
      width: 64,
      height: 64,
      seed: 7,
      cfg_scale: 7.5,
      steps: 30,
    };
    const invokeai_metadata = JSON.stringify({ ...said, scheduler: "dpmpp_2m_k", model: { name: usual.model.name } });
    expect(read({ invokeai_metadata })).toMatchObject({
      program: "invokeai",
      request: { prompt: "a fox", seed: "7", guidance: 7.5, steps: 30, sampler: "dpmpp_2m_k", width: 64 },
      notices: [],
    });
  });
  it("of nobody, or out of bounds, leave out what cannot be", () => {
    expect(read({})).toMatchObject({ program: null, request: { count: 1 } });
    expect(read({ parameters: "just words" })).toMatchObject({ program: null });
    expect(read({ dreamgrain: "{" })).toMatchObject({ program: null });
    const parameters = "x\nSteps: 9999, Sampler: Nobody, CFG scale: 7, Seed: 1, Size: 64x64";
    const { request, notices } = read({ parameters });
    expect(request).toEqual({ prompt: "x", guidance: 7, seed: "1", width: 64, height: 64, rng: "nv", count: 1 });
    expect(notices.join()).toMatch(/"Nobody".*steps/s);
  });
  it("that are made to hang do not", () => {
    for (const prompt of ['\\"'.repeat(100_000), '"'.repeat(99_999), '{"a":'.repeat(40_000), "1".repeat(200_000)])
      expect(read({ prompt, parameters: `${":".repeat(50_000)}${"a: ".repeat(50_000)}` }).program).toBe(null);
  });
});
