// Routes of pictures: the gallery, files, what is drawn from, and what files say about how they were made.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { pictureAnswer } from "../answers.ts";
import * as contract from "../contract.ts";
import { MOST_UPLOADED } from "../decoder/protocol.ts";
import { Failed, notFound } from "../failures.ts";
import { newId } from "../ids.ts";
import { before } from "../jobs.ts";
import type { Parts } from "../parts.ts";
import { settingsIn } from "../read-settings.ts";
import type { Filter, PictureRow } from "../store/pictures.ts";
import { type App, accountOf, body, type Env, idParam, json, route } from "./web.ts";

const file = (description: string, type: string) => ({
  description,
  content: { [type]: { schema: z.string().openapi({ format: "binary" }) } },
});
const upload = (types: readonly string[]) => ({
  required: true as const,
  content: Object.fromEntries(types.map((type) => [type, { schema: z.string().openapi({ format: "binary" }) }])),
});
const counted = contract.PicturesQuery.omit({ cursor: true, limit: true, meaning: true });

/** Pixels of the longer side of a thumbnail. */
const THUMBNAIL = 256;

/** Pictures that are found by meaning: what is further away than so many others hardly shows it. */
const MOST_FOUND = 500;

/** The bytes of a request that is a picture; from Node's own request, since a web request's are copied several times. */
async function pictureBytes(c: Context<Env>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of c.env.incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_UPLOADED) throw new Failed("too_large", `a picture may have ${MOST_UPLOADED} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) throw new Failed("invalid", "the body is to be a picture, and it is empty");
  return bytes;
}

/** Add the routes of pictures. */
export function pictureRoutes(app: App, parts: Parts): void {
  const { pictures, objects, decoder, models, meaning } = parts;
  const own = (c: Context<Env>, id: string): PictureRow => {
    const row = pictures.get(id);
    if (row?.account !== accountOf(c).id) throw notFound("picture");
    return row;
  };
  const filterOf = (query: z.output<typeof counted>): Filter => ({
    ...{ text: query.text, group: query.group, job: query.job, deleted: query.deleted === "true" },
    starred: query.starred === undefined ? undefined : query.starred === "true",
  });
  /** Files never change, so they are kept by whoever has seen them, and by nobody in between. */
  const send = (c: Context<Env>, bytes: Uint8Array<ArrayBuffer>, type: string, tag: string, name: string): Response => {
    const headers = { ETag: `"${tag}"`, "Cache-Control": "private, max-age=31536000, immutable" };
    if (c.req.header("if-none-match") === headers.ETag) return c.body(null, 304, headers);
    return c.body(bytes, 200, {
      ...headers,
      "Content-Type": type,
      "Content-Disposition": `inline; filename="${name}"`,
    });
  };
  const gone = (error: NodeJS.ErrnoException): never => {
    throw error.code === "ENOENT" ? notFound("picture") : error;
  };

  /** A page of the pictures that are nearest to a meaning. */
  const nearest = async (to: Float32Array, seqs: readonly number[], from: number, limit: number) => {
    const { found, unseen } = await meaning.nearest(to, seqs, MOST_FOUND);
    const scores = new Map(found.map(({ seq, sha256, score }) => [`${seq} ${sha256}`, score]));
    const items = pictures.numbered(found.slice(from, from + limit).map(({ seq }) => seq)).flatMap((row) => {
      const score = scores.get(`${row.seq} ${row.sha256}`);
      return score === undefined ? [] : [{ ...pictureAnswer(row), score }];
    });
    return { items, next: from + limit < found.length ? `${from + limit}` : null, unseen };
  };

  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/pictures",
      summary: "The gallery",
      tags: ["pictures"],
      request: { query: contract.PicturesQuery },
      responses: { 200: json(contract.Pictures, "A page of it, newest first, or nearest to a meaning.") },
    }),
    async (c) => {
      const query = c.req.valid("query");
      if (query.meaning !== undefined) {
        const { cursor, limit } = query;
        if (query.text !== undefined)
          throw new Failed("invalid", "meaning: search by words or by meaning, not by both", { param: "meaning" });
        const { vector, notices } = await meaning.text(query.meaning);
        const from = cursor === undefined ? 0 : before(cursor);
        const seqs = pictures.seqs(accountOf(c).id, filterOf(query));
        return c.json({ ...(await nearest(vector, seqs, from, limit)), notices: [...notices] }, 200);
      }
      const rows = pictures.list(accountOf(c).id, filterOf(query), before(query.cursor), query.limit + 1);
      const items = rows.slice(0, query.limit);
      const next = rows.length > query.limit ? `${items.at(-1)?.seq}` : null;
      return c.json({ items: items.map(pictureAnswer), next }, 200);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/pictures/count",
      summary: "How many pictures there are",
      tags: ["pictures"],
      request: { query: counted },
      responses: { 200: json(contract.Count, "How many.") },
    }),
    (c) => c.json({ count: pictures.count(accountOf(c).id, filterOf(c.req.valid("query"))) }, 200),
  );
  for (const [path, summary, when] of [
    ["/v1/pictures/delete", "Delete pictures; they can be restored for thirty days", () => Date.now()],
    ["/v1/pictures/restore", "Restore deleted pictures", () => null],
  ] as const)
    app.openapi(
      route("account", {
        method: "post",
        path,
        summary,
        tags: ["pictures"],
        request: { body: body(contract.PictureIds) },
        responses: { 200: json(contract.Count, "How many.") },
      }),
      (c) => c.json({ count: pictures.setDeleted(accountOf(c).id, c.req.valid("json").ids, when()) }, 200),
    );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/pictures/read",
      summary: "What a PNG says about how it was made: dreamgrain's, A1111's, ComfyUI's or InvokeAI's",
      tags: ["pictures"],
      request: { body: upload(["image/png"]) },
      responses: { 200: json(contract.ReadSettings, "What it says.") },
    }),
    async (c) => {
      const read = await decoder.ask("texts", await pictureBytes(c), {});
      return c.json(settingsIn(read, await models.list(), models.usual), 200);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/pictures/{id}",
      summary: "A picture",
      tags: ["pictures"],
      request: { params: idParam },
      responses: { 200: json(contract.Picture, "The picture.") },
    }),
    (c) => c.json(pictureAnswer(own(c, c.req.valid("param").id)), 200),
  );
  app.openapi(
    route("account", {
      method: "patch",
      path: "/v1/pictures/{id}",
      summary: "Star a picture, or not",
      tags: ["pictures"],
      request: { params: idParam, body: body(contract.PictureChange) },
      responses: { 200: json(contract.Picture, "The picture.") },
    }),
    (c) => {
      const { id } = own(c, c.req.valid("param").id);
      pictures.star(id, c.req.valid("json").starred);
      return c.json(pictureAnswer(own(c, id)), 200);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/pictures/{id}/file",
      summary: "The PNG",
      tags: ["pictures"],
      request: { params: idParam },
      responses: { 200: file("The PNG, which says how it was made.", "image/png") },
    }),
    async (c) => {
      const { id, sha256 } = own(c, c.req.valid("param").id);
      const bytes = await objects.read(sha256, ".png").catch(gone);
      return send(c, bytes, "image/png", sha256, `dreamgrain-${id}.png`);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/pictures/{id}/thumbnail",
      summary: "The picture, at most 256 pixels wide and high",
      tags: ["pictures"],
      request: { params: idParam },
      responses: { 200: file("A WebP, or the PNG where that is small.", "image/webp") },
    }),
    async (c) => {
      const { id, sha256, width, height } = own(c, c.req.valid("param").id);
      if (Math.max(width, height) <= THUMBNAIL)
        return send(c, await objects.read(sha256, ".png").catch(gone), "image/png", sha256, `dreamgrain-${id}.png`);
      const made = await objects.read(sha256, ".thumb.webp").catch(() => undefined);
      if (made) return send(c, made, "image/webp", `${sha256}-thumb`, `dreamgrain-${id}.webp`);
      const png = await objects.read(sha256, ".png").catch(gone);
      const { file: small } = await decoder.ask("thumbnail", png, { side: THUMBNAIL });
      const bytes = new Uint8Array(small);
      await objects.keep(sha256, ".thumb.webp", bytes);
      return send(c, bytes, "image/webp", `${sha256}-thumb`, `dreamgrain-${id}.webp`);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/pictures/{id}/similar",
      summary: "Pictures that mean the like",
      tags: ["pictures"],
      request: { params: idParam, query: contract.SimilarQuery },
      responses: { 200: json(contract.Pictures, "The nearest, best first.") },
    }),
    async (c) => {
      const row = own(c, c.req.valid("param").id);
      const vector = await meaning.file(row.sha256).catch(gone);
      const seqs = pictures.seqs(accountOf(c).id, { deleted: false }).filter((seq) => seq !== row.seq);
      return c.json({ ...(await nearest(vector, seqs, 0, c.req.valid("query").limit)), next: null }, 200);
    },
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/uploads",
      summary: "Upload a picture to draw from",
      tags: ["pictures"],
      request: { body: upload(["image/png", "image/jpeg", "image/webp"]) },
      responses: { 201: json(contract.Upload, "Kept, without what its file said.") },
    }),
    async (c) => c.json(await keepUpload(parts, accountOf(c).id, await pictureBytes(c)), 201),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/uploads/{id}/file",
      summary: "An uploaded picture",
      tags: ["pictures"],
      request: { params: idParam },
      responses: { 200: file("The picture as a PNG.", "image/png") },
    }),
    async (c) => {
      const row = pictures.upload(c.req.valid("param").id);
      if (row?.account !== accountOf(c).id) throw notFound("upload");
      const bytes = await objects.read(row.sha256, ".png").catch(gone);
      return send(c, bytes, "image/png", row.sha256, `upload-${row.id}.png`);
    },
  );
}

/** Keep a picture to draw from. @param as how its bytes are read: as a picture, or as the mask that its transparency is */
export async function keepUpload(
  { decoder, objects, pictures }: Parts,
  account: string,
  bytes: Uint8Array,
  as: "clean" | "mask" = "clean",
): Promise<contract.Upload> {
  const { png, width, height } = await decoder.ask(as, bytes, {});
  const sha256 = await objects.put(png, ".png");
  const row = { id: newId(), account, sha256, width, height, created: Date.now() };
  pictures.addUpload(row);
  return { id: row.id, url: `/v1/uploads/${row.id}/file`, width, height, created: row.created };
}
