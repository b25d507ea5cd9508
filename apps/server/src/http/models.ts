// Routes of what there is to draw with: the server itself, models, samplers, and how words are read.
import {
  samplers as allSamplers,
  schedules as allSchedules,
  clipMerges,
  clipTokenizer,
  type SamplerEntry,
  type ScheduleEntry,
  type Tokenizer,
  version,
} from "dreamgrain/node";
import * as contract from "../contract.ts";
import { MOST_PIXELS, MOST_UPLOADED } from "../decoder/protocol.ts";
import { modelAnswer } from "../models.ts";
import type { Parts } from "../parts.ts";
import { type App, body, json, route } from "./web.ts";

let clip: Tokenizer | undefined;

function readingOf(who: string, tokenizer: Tokenizer, text: string): contract.Reading {
  const { pieces, ends, dropped, unknown, notices } = tokenizer.encode(text);
  return {
    who,
    pieces: pieces.map(({ text, id }) => ({ text, id })),
    perRow: tokenizer.length - 2,
    rows: ends.length,
    dropped,
    unknown: unknown.map(({ word, nearest }) => ({ word, ...(nearest !== undefined && { nearest }) })),
    notices: [...notices],
  };
}

/** Add the routes of what there is. @param signUp whether whoever asks may make an account */
export function modelRoutes(app: App, parts: Parts, signUp: boolean): void {
  const { models, engine, meaning } = parts;
  app.openapi(
    route("anybody", {
      method: "get",
      path: "/v1/server",
      summary: "What this server can do",
      tags: ["server"],
      responses: { 200: json(contract.Server, "What it can do.") },
    }),
    (c) =>
      c.json(
        {
          version,
          accounts: parts.accounts,
          signUp: parts.accounts && signUp,
          engine: engine.state,
          meaning: { available: meaning.available, reason: meaning.reason },
          defaultModel: models.usual.id,
          limits: {
            ...{ promptLength: 4000, steps: 150, side: { least: 8, most: 2048 }, count: 16 },
            ...{ uploadBytes: MOST_UPLOADED, uploadPixels: MOST_PIXELS },
          },
        },
        200,
      ),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/models",
      summary: "Models, as OpenAI's API lists them and with more",
      tags: ["server", "openai"],
      responses: { 200: json(contract.Models, "All that can be used.") },
    }),
    async (c) => c.json({ object: "list" as const, data: (await models.list()).map(modelAnswer) }, 200),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/samplers",
      summary: "Samplers and schedules, by all their names",
      tags: ["server"],
      responses: { 200: json(contract.Samplers, "All there are.") },
    }),
    (c) => {
      const samplers = Object.entries<SamplerEntry>(allSamplers);
      const schedules = Object.entries<ScheduleEntry>(allSchedules);
      return c.json(
        {
          samplers: samplers.map(([name, { title, aliases, calls, random }]) => {
            return { name, title, aliases: [...aliases], calls, random };
          }),
          schedules: schedules.map(([name, { title, aliases }]) => ({ name, title, aliases: [...aliases] })),
        },
        200,
      );
    },
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/tokens",
      summary: "How a text is read: by a model, and by CLIP",
      tags: ["server"],
      request: { body: body(contract.TokensRequest) },
      responses: { 200: json(contract.Tokens, "The model's reading, and CLIP's if that is another.") },
    }),
    async (c) => {
      const { text, model: id } = c.req.valid("json");
      const { model } = await models.find(id);
      const own = readingOf(model.name, model.texts[0].tokenizer, text);
      clip ??= clipTokenizer(clipMerges());
      return c.json({ readings: [own, readingOf("CLIP", clip, text)] }, 200);
    },
  );
}
