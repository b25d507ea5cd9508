// OpenAI's images API on top of jobs: POST /v1/images/generations, as its own clients use it. Models are listed in models.ts.
import { z } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { DrawRequest, type EventData, type Job } from "../contract.ts";
import { Failed } from "../failures.ts";
import type { Jobs } from "../jobs.ts";
import type { Parts } from "../parts.ts";
import type { Size } from "../plan.ts";
import { drawnSize } from "../sizes.ts";
import { type App, accountOf, body, json, route } from "./web.ts";

/** What OpenAI's clients may say, and, beyond it, what this server understands by our names. */
const Generation = DrawRequest.pick({ steps: true, guidance: true, sampler: true, schedule: true, negative: true })
  .extend({
    prompt: z.string().max(4000),
    /** OpenAI's own names mean the server's usual model. */
    model: z.string().max(200).nullish(),
    n: z.int().min(1).max(10).nullish(),
    size: z
      .string()
      .regex(/^(auto|\d{1,4}x\d{1,4})$/, 'such as "512x512", or "auto"')
      .nullish(),
    response_format: z.enum(["b64_json", "url"]).nullish(),
    output_format: z.enum(["png", "jpeg", "webp"]).nullish(),
    output_compression: z.int().min(0).max(100).nullish(),
    stream: z.boolean().nullish(),
    partial_images: z.int().min(0).max(3).nullish(),
    seed: z.union([z.string(), z.int()]).nullish(),
    /** "hd" and "high" are our "best"; others leave it to the model. */
    quality: z.string().nullish(),
    style: z.string().nullish(),
    background: z.string().nullish(),
    moderation: z.string().nullish(),
    user: z.string().nullish(),
  })
  .meta({ id: "ImageGeneration" });
type Generation = z.output<typeof Generation>;

const Generated = z
  .object({
    created: z.int(),
    data: z.array(z.object({ b64_json: z.string().optional(), url: z.string().optional() })),
    output_format: z.string(),
    size: z.string(),
  })
  .meta({ id: "ImagesResponse" });

const OTHERS = /^(dall-e|gpt-image|chatgpt-image)/;

/** Add the route of OpenAI's images. */
export function openaiRoutes(app: App, parts: Parts, jobs: Jobs): void {
  const { models, objects, decoder, hub } = parts;

  /** The size that is wanted in the end, and the request for one that the model draws well. */
  const understood = async (asked: Generation): Promise<{ request: z.output<typeof DrawRequest>; size: Size }> => {
    const { steps, guidance, sampler, schedule, negative, prompt, n, seed } = asked;
    const quality = /^(hd|high|best)$/.test(asked.quality ?? "") ? "best" : undefined;
    const model = asked.model && !OTHERS.test(asked.model) ? asked.model : undefined;
    const known = await models.find(model);
    const [width, height] = asked.size && asked.size !== "auto" ? asked.size.split("x").map(Number) : [];
    const { defaults } = known.model;
    const size = { width: width ?? defaults.width, height: height ?? defaults.height };
    if (size.width * size.height > 2 ** 22)
      throw new Failed("invalid", `size: ${asked.size} is larger than any picture here`, { param: "size" });
    const request = { model, prompt, negative, quality, steps, guidance, sampler, schedule, ...drawnSize(known, size) };
    return {
      request: DrawRequest.parse({ ...request, count: n ?? 1, ...(seed != null && { seed: `${seed}` }) }),
      size,
    };
  };

  /** The files of a job's pictures, as they were asked for. */
  const filesOf = (job: Job, asked: Generation, size: Size): Promise<Buffer[]> => {
    const format = asked.output_format ?? "png";
    return Promise.all(
      job.pictures.map(async (picture) => {
        const png = await objects.read(picture.sha256, ".png");
        const same = picture.width === size.width && picture.height === size.height;
        if (same && format === "png") return png;
        const quality = Math.max(1, asked.output_compression ?? 90);
        const { file } = await decoder.ask("convert", png, { format, quality, ...(!same && { size }) });
        return Buffer.from(file);
      }),
    );
  };
  const finished = (job: Job): Job => {
    if (job.state === "done") return job;
    if (job.state === "cancelled") throw new Failed("conflict", "this was cancelled");
    throw new Failed("internal", job.error?.message ?? "it could not be drawn");
  };

  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/images/generations",
      summary: "OpenAI's image generation",
      description:
        "Sizes far beyond what the model was made for are drawn at the model's own size in the same proportions and enlarged.",
      tags: ["openai"],
      request: { body: body(Generation) },
      responses: { 200: json(Generated, "The pictures; with `stream`, server-sent events.") },
    }),
    async (c) => {
      const account = accountOf(c).id;
      const asked = c.req.valid("json");
      const { request, size } = await understood(asked);
      const signal = c.req.raw.signal;
      const accepted = JSON.parse(await jobs.accept(account, { request }, undefined)) as Job;
      // Whoever leaves does not want it any more.
      const leave = (): void => void jobs.cancel(account, accepted.id);
      signal.addEventListener("abort", leave, { once: true });
      const format = asked.output_format ?? "png";
      const common = { created_at: Math.floor(accepted.created / 1000), size: `${size.width}x${size.height}` };
      if (!asked.stream) {
        const job = finished(await jobs.ended(account, accepted.id, signal));
        signal.removeEventListener("abort", leave);
        const data = (await filesOf(job, asked, size)).map((file, i) => {
          const url = new URL(job.pictures[i]?.url ?? "/", c.req.url).href;
          return asked.response_format === "url" ? { url } : { b64_json: file.toString("base64") };
        });
        return c.json({ created: common.created_at, data, output_format: format, size: common.size }, 200);
      }
      const streamed = streamSSE(c, async (stream) => {
        const send = (type: string, more: object): Promise<void> =>
          stream.writeSSE({ event: type, data: JSON.stringify({ type, ...more, ...common, output_format: format }) });
        let sent = 0;
        const most = asked.partial_images ?? 0;
        const { stop } = hub.listen({ account, job: accepted.id }, undefined, ({ name, data }) => {
          if (name !== "preview" || sent >= most) return;
          const { image, step, steps } = JSON.parse(data) as EventData["preview"];
          if (step < ((sent + 1) * steps) / (most + 1)) return;
          const partial = { b64_json: image.slice(image.indexOf(",") + 1), partial_image_index: sent++ };
          void send("image_generation.partial_image", partial);
        });
        try {
          const job = finished(await jobs.ended(account, accepted.id, signal));
          for (const file of await filesOf(job, asked, size))
            await send("image_generation.completed", { b64_json: file.toString("base64") });
        } catch (error) {
          if (error instanceof Failed)
            await stream.writeSSE({
              event: "error",
              data: JSON.stringify({ error: { code: error.code, message: error.message } }),
            });
        } finally {
          stop();
          signal.removeEventListener("abort", leave);
        }
      });
      return streamed as never; // a stream, which the description of the answer cannot say
    },
  );
}
