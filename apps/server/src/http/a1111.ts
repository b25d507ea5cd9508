// The part of AUTOMATIC1111's web API that its clients use most, on top of jobs: /sdapi/v1/….
import { z } from "@hono/zod-openapi";
import { parseInfotext, readText, samplerNamed, samplers, scheduleNamed, schedules, version } from "dreamgrain/node";
import type { Context } from "hono";
import { DrawRequest, type Job, type Settings, type Source } from "../contract.ts";
import { Failed } from "../failures.ts";
import type { Jobs } from "../jobs.ts";
import type { Parts } from "../parts.ts";
import type { Queue } from "../queue.ts";
import { isLarge } from "../sizes.ts";
import { keepUpload } from "./pictures.ts";
import { type App, accountOf, body, type Env, json, newApp, retryHeader, route } from "./web.ts";

const base64 = z.string().max(28 * 2 ** 20);
/** What is understood of a request; A1111 passes over what it does not know, and so does this. */
const TextToImage = z
  .object({
    prompt: z.string().max(4000).default(""),
    negative_prompt: z.string().max(4000).nullish(),
    seed: z.number().int().default(-1),
    subseed: z.number().int().default(-1),
    subseed_strength: z.number().min(0).max(1).default(0),
    sampler_name: z.string().max(60).nullish(),
    sampler_index: z.string().max(60).nullish(),
    scheduler: z.string().max(60).nullish(),
    batch_size: z.int().min(1).max(16).default(1),
    n_iter: z.int().min(1).max(16).default(1),
    steps: z.int().min(1).max(150).nullish(),
    cfg_scale: z.number().min(0).max(100).nullish(),
    width: z.int().nullish(),
    height: z.int().nullish(),
    send_images: z.boolean().default(true),
    override_settings: z.looseObject({ sd_model_checkpoint: z.string().optional() }).nullish(),
  })
  .meta({ id: "TextToImage" });
const ImageToImage = TextToImage.extend({
  init_images: z.array(base64).min(1).max(1),
  denoising_strength: z.number().gt(0).max(1).default(0.75),
  mask: base64.nullish(),
}).meta({ id: "ImageToImage" });
const Drawn = z
  .object({ images: z.array(z.string()), parameters: z.record(z.string(), z.unknown()), info: z.string() })
  .meta({ id: "TextToImageResponse" });
const anything = z.looseObject({});

/** A picture in base64, with or without the beginning of a data URL. */
const bytesOf = (text: string): Uint8Array => Buffer.from(text.replace(/^data:[^,]*,/, ""), "base64");

/** A failure as A1111's clients expect it. */
function detail(c: Context, failed: Failed): Response {
  retryHeader(c, failed);
  if (failed.status === 401) c.header("WWW-Authenticate", 'Basic realm="dreamgrain"');
  return c.json({ detail: failed.message, error: failed.code, errors: failed.message, body: "" }, failed.status);
}

/** Add A1111's routes. */
export function a1111Routes(outer: App, parts: Parts, jobs: Jobs, queue: Queue): void {
  const app = newApp(parts.log, detail);
  const { models, objects, decoder } = parts;
  /** What each account was set to with POST options, as long as the server runs. */
  const chosen = new Map<string, string>();

  const titleOf = async (id?: string): Promise<string> => {
    const { model, id: name } = await models.find(id);
    return `${name} [${model.hash}]`;
  };
  /** The id in a title such as `default [0123456789]`. */
  const idIn = (title: string): string => title.replace(/ \[[0-9a-f]+\]$/, "").replace(/\.safetensors$/, "");

  async function draw(
    c: Context<Env>,
    asked: z.output<typeof TextToImage>,
    guide: { readonly image?: Source; readonly mask?: Source; readonly strength?: number },
  ): Promise<z.output<typeof Drawn>> {
    const account = accountOf(c).id;
    const title = asked.override_settings?.sd_model_checkpoint ?? chosen.get(account);
    const known = await models.find(title === undefined ? undefined : idIn(title));
    const { defaults } = known.model;
    // 512x512 is what A1111's clients say without thinking; a model made for much less draws at its own size.
    const size = { width: asked.width ?? defaults.width, height: asked.height ?? defaults.height };
    const fits = !isLarge(known, size);
    const { subseed_strength: strength } = asked;
    const sampler = asked.sampler_name ?? asked.sampler_index;
    const random = (seed: number): string => `${seed < 0 ? Math.floor(Math.random() * 2 ** 32) : seed}`;
    const parsed = DrawRequest.safeParse({
      model: known.id,
      prompt: asked.prompt,
      ...(asked.negative_prompt && { negative: asked.negative_prompt }),
      seed: random(asked.seed),
      count: asked.batch_size * asked.n_iter,
      ...(asked.steps != null && { steps: asked.steps }),
      ...(asked.cfg_scale != null && { guidance: asked.cfg_scale }),
      ...(fits && size),
      ...(sampler && { sampler }),
      ...(asked.scheduler && !/^automatic$/i.test(asked.scheduler) && { schedule: asked.scheduler }),
      ...(strength > 0 && { variation: { seed: random(asked.subseed), strength } }),
      ...guide,
    });
    if (!parsed.success) throw new Failed("invalid", parsed.error.issues.map(({ message }) => message).join("; "));
    const accepted = JSON.parse(await jobs.accept(account, { request: parsed.data }, undefined)) as Job;
    const job = await jobs.ended(account, accepted.id);
    if (job.state === "failed") throw new Failed("internal", job.error?.message ?? "it could not be drawn");
    const files = await Promise.all(job.pictures.map(({ sha256 }) => objects.read(sha256, ".png")));
    const texts = files.map((file) => readText(file).parameters ?? "");
    const images = asked.send_images ? files.map((file) => file.toString("base64")) : [];
    const info = JSON.stringify(infoOf(job.settings, known.model, texts, job.created));
    return { images, parameters: asked, info };
  }

  app.openapi(
    route("account", {
      method: "post",
      path: "/sdapi/v1/txt2img",
      summary: "Words to pictures; answered when they are drawn",
      tags: ["a1111"],
      request: { body: body(TextToImage) },
      responses: { 200: json(Drawn, "PNGs in base64, and what made them.") },
    }),
    async (c) => c.json(await draw(c, c.req.valid("json"), {}), 200),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/sdapi/v1/img2img",
      summary: "A picture and words to pictures",
      tags: ["a1111"],
      request: { body: body(ImageToImage) },
      responses: { 200: json(Drawn, "PNGs in base64, and what made them.") },
    }),
    async (c) => {
      const { init_images, mask, denoising_strength: strength, ...asked } = c.req.valid("json");
      const account = accountOf(c).id;
      const image = { upload: (await keepUpload(parts, account, bytesOf(init_images[0] ?? ""))).id };
      const masked = mask ? { mask: { upload: (await keepUpload(parts, account, bytesOf(mask))).id } } : {};
      return c.json(await draw(c, asked, { image, ...masked, strength }), 200);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/sdapi/v1/progress",
      summary: "How far the picture is that is being drawn",
      tags: ["a1111"],
      responses: { 200: json(anything, "Progress from 0 to 1, and the picture as it is now.") },
    }),
    (c) => {
      const account = accountOf(c).id;
      const { running } = queue;
      const own = running?.job.account === account ? running : undefined;
      const active = parts.jobs.activeCount(account);
      const state = {
        skipped: false,
        interrupted: (own && parts.jobs.get(own.job.id)?.cancelling) ?? false,
        stopping_generation: false,
      };
      const steps = { sampling_step: own?.progress.step ?? 0, sampling_steps: own?.job.steps ?? 0 };
      const counts = { job: own ? "txt2img" : "", job_count: active, job_no: own?.progress.picture ?? 0 };
      return c.json(
        {
          progress: own?.progress.done ?? 0,
          eta_relative: own?.progress.secondsLeft ?? 0,
          state: { ...state, ...counts, ...steps, job_timestamp: stamp(own?.job.started ?? Date.now()) },
          current_image: own?.preview ? Buffer.from(own.preview).toString("base64") : null,
          textinfo: null,
        },
        200,
      );
    },
  );
  for (const path of ["/sdapi/v1/interrupt", "/sdapi/v1/skip"] as const)
    app.openapi(
      route("account", {
        method: "post",
        path,
        summary: "Stop what is being drawn",
        tags: ["a1111"],
        responses: { 200: json(anything, "It stops before its next step.") },
      }),
      (c) => {
        const account = accountOf(c).id;
        if (queue.running?.job.account === account) jobs.cancel(account, queue.running.job.id);
        return c.json({}, 200);
      },
    );
  app.openapi(
    route("account", {
      method: "get",
      path: "/sdapi/v1/options",
      summary: "What is chosen beyond a request",
      tags: ["a1111"],
      responses: { 200: json(anything, "The model.") },
    }),
    async (c) =>
      c.json({ sd_model_checkpoint: await titleOf(idIn(chosen.get(accountOf(c).id) ?? models.usual.id)) }, 200),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/sdapi/v1/options",
      summary: "Choose the model of requests to come",
      tags: ["a1111"],
      request: { body: body(z.looseObject({ sd_model_checkpoint: z.string().max(200).optional() })) },
      responses: { 200: json(z.null(), "Chosen. Other options are passed over.") },
    }),
    async (c) => {
      const title = c.req.valid("json").sd_model_checkpoint;
      if (title !== undefined) {
        await models.find(idIn(title));
        chosen.set(accountOf(c).id, title);
      }
      return c.json(null, 200);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/sdapi/v1/samplers",
      summary: "Samplers",
      tags: ["a1111"],
      responses: { 200: json(z.array(anything), "All there are.") },
    }),
    (c) =>
      c.json(
        Object.values(samplers).map(({ title, aliases }) => ({ name: title, aliases: [...aliases], options: {} })),
        200,
      ),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/sdapi/v1/schedulers",
      summary: "Schedules",
      tags: ["a1111"],
      responses: { 200: json(z.array(anything), "All there are.") },
    }),
    (c) =>
      c.json(
        Object.entries(schedules).map(([name, { title, aliases }]) => {
          return { name, label: title, aliases: [...aliases], default_rho: -1, need_inner_model: false };
        }),
        200,
      ),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/sdapi/v1/sd-models",
      summary: "Models",
      tags: ["a1111"],
      responses: { 200: json(z.array(anything), "All that can be used.") },
    }),
    async (c) => {
      const all = await models.list();
      return c.json(
        all.map(({ id, model: { hash } }) => {
          return { title: `${id} [${hash}]`, model_name: id, hash, sha256: null, filename: id, config: null };
        }),
        200,
      );
    },
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/sdapi/v1/png-info",
      summary: "What a PNG says about how it was made",
      tags: ["a1111"],
      request: { body: body(z.object({ image: base64 })) },
      responses: { 200: json(anything, "Its text as it is, and in parts.") },
    }),
    async (c) => {
      const { texts } = await decoder.ask("texts", bytesOf(c.req.valid("json").image), {});
      const info = texts.parameters ?? "";
      const { prompt, negative, settings } = parseInfotext(info);
      const parameters = info === "" ? {} : { Prompt: prompt, "Negative prompt": negative, ...settings };
      return c.json({ info, items: texts, parameters }, 200);
    },
  );
  outer.route("/", app);
}

/** A time as A1111 writes it. */
const stamp = (time: number): string => new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);

function infoOf(
  settings: Settings,
  model: { name: string; hash: string },
  infotexts: readonly string[],
  time: number,
): object {
  const { prompt = "", negative = "", seed, width, height, steps, guidance, count, variation, strength } = settings;
  const all = <T>(value: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => value(i));
  const number = (i: number): number => Number(BigInt(seed) + BigInt(i));
  return {
    ...{ prompt, all_prompts: all(() => prompt), negative_prompt: negative, all_negative_prompts: all(() => negative) },
    ...{ seed: number(0), all_seeds: all(number), subseed: Number(variation?.seed ?? -1) },
    ...{ all_subseeds: all(() => Number(variation?.seed ?? -1)), subseed_strength: variation?.strength ?? 0 },
    ...{
      width,
      height,
      sampler_name: samplerNamed(settings.sampler).title,
      cfg_scale: guidance,
      steps,
      batch_size: count,
    },
    ...{ restore_faces: false, face_restoration_model: null, sd_model_name: model.name, sd_model_hash: model.hash },
    ...{ sd_vae_name: null, sd_vae_hash: null, seed_resize_from_w: -1, seed_resize_from_h: -1 },
    denoising_strength: strength ?? null,
    extra_generation_params: { "Schedule type": scheduleNamed(settings.schedule).title },
    ...{ index_of_first_image: 0, infotexts, styles: [], job_timestamp: stamp(time), clip_skip: settings.clipSkip },
    ...{ is_using_inpainting_conditioning: false, version: `dreamgrain ${version}` },
  };
}
