// Settings in pictures: what dreamgrain, A1111, ComfyUI and InvokeAI write into PNGs, as a request for this server.
import { lookUp, parseInfotext, parseSize, recipeIn, schedules, seedOf, walkNamed } from "dreamgrain/node";
import { DrawRequest, type ReadSettings } from "./contract.ts";
import type { KnownModel } from "./models.ts";
import { isLarge } from "./sizes.ts";

type Program = NonNullable<ReadSettings["program"]>;
type Fields = { -readonly [K in keyof DrawRequest]: DrawRequest[K] };

/** What was read, before it is compared with what this server has. */
interface Said {
  readonly fields: Fields;
  /** The model's name and hash, in its program's words. */
  readonly model?: { readonly name?: string | undefined; readonly hash?: string | undefined };
  readonly notices: readonly string[];
}

type Texts = Readonly<Record<string, string>>;

const readers: { readonly [K in Program]: (texts: Texts) => Said | undefined } = {
  dreamgrain(texts) {
    const recipe = recipeIn(texts);
    if (!recipe) return undefined;
    const { interval, variation, seed, ...request } = recipe.request;
    const fields = {
      ...request,
      seed: `${seed}`,
      ...(variation && { variation: { seed: `${variation.seed}`, strength: variation.strength } }),
    } as Fields;
    const from = recipe.image ? ["It was made from another picture, which is not in the file."] : [];
    if (recipe.image) for (const name of ["strength", "imageGuidance"] as const) delete fields[name];
    const notices = [...from, ...(interval ? ["Its interval of guidance is left out."] : [])];
    return { fields, model: recipe.model, notices };
  },
  a1111(texts) {
    if (texts.parameters === undefined) return undefined;
    const { prompt, negative, settings } = parseInfotext(texts.parameters);
    if (Object.keys(settings).length === 0) return undefined;
    const number = (name: string): number | undefined => numberIn(settings[name]);
    const size = parseSize(settings.Size ?? "");
    const [sampler, schedule] = [settings.Sampler, settings["Schedule type"]];
    const strength = number("Variation seed strength");
    const rng = settings.RNG?.toLowerCase();
    const notices = Object.keys(settings)
      .filter((name) => /^(Hires|Lora hashes|Refiner|ControlNet|Denoising strength$|ADetailer model$)/.test(name))
      .map((name) => `${name} is left out.`);
    const fields: Fields = {
      ...text("prompt", prompt),
      ...text("negative", negative),
      ...given("steps", number("Steps")),
      ...given("guidance", number("CFG scale")),
      ...text("seed", settings.Seed),
      ...size,
      ...text("sampler", sampler),
      ...(schedule !== "Automatic" && text("schedule", schedule)),
      ...given("clipSkip", number("Clip skip")),
      rng: rng === "cpu" ? "cpu" : "nv", // A1111 says nothing where it is the card's
      ...(strength && { variation: { seed: settings["Variation seed"] ?? "0", strength } }),
    };
    return { fields, model: { name: settings.Model, hash: settings["Model hash"] }, notices };
  },
  comfyui(texts) {
    if (texts.prompt === undefined) return undefined;
    const graph = parsed(texts.prompt);
    const nodes = Object.values(graph ?? {}).filter(isNode);
    const sampler = nodes.find(({ class_type }) => /^KSampler(Advanced)?$/.test(class_type));
    if (!sampler) return undefined;
    const { inputs } = sampler;
    const follow = (link: unknown): Node | undefined => {
      const [id] = Array.isArray(link) ? link : [];
      const node = typeof id === "string" ? graph?.[id] : undefined;
      return isNode(node) ? node : undefined;
    };
    /** The words behind a link: in the first node on the way that has some. */
    const words = (link: unknown, depth = 0): string | undefined => {
      const node = follow(link);
      if (!node || depth > 16) return undefined;
      if (typeof node.inputs.text === "string") return node.inputs.text;
      for (const name of ["text", "conditioning", "conditioning_1", "positive"]) {
        const found = words(node.inputs[name], depth + 1);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    const latent = follow(inputs.latent_image)?.inputs ?? {};
    const loader = nodes.find(({ inputs: has }) => typeof has.ckpt_name === "string")?.inputs.ckpt_name;
    const loras = nodes.filter(({ class_type }) => class_type.startsWith("LoraLoader")).length;
    const fields: Fields = {
      ...text("prompt", words(inputs.positive)),
      ...text("negative", words(inputs.negative)),
      ...given("steps", numberIn(inputs.steps)),
      ...given("guidance", numberIn(inputs.cfg)),
      ...text("seed", seedText(inputs.seed ?? inputs.noise_seed)),
      ...given("width", numberIn(latent.width)),
      ...given("height", numberIn(latent.height)),
      ...text("sampler", inputs.sampler_name),
      ...text("schedule", inputs.scheduler),
      rng: "cpu",
    };
    const name = typeof loader === "string" ? loader : undefined;
    return { fields, model: { name }, notices: loras > 0 ? ["LoRAs are left out."] : [] };
  },
  invokeai(texts) {
    const said = parsed(texts.invokeai_metadata ?? texts["sd-metadata"] ?? "");
    if (!said) return undefined;
    const image = isRecord(said.image) ? said.image : said; // before 3.0
    const prompt = image.positive_prompt ?? image.prompt;
    const scheduler = image.scheduler ?? image.sampler;
    const model = isRecord(said.model) ? (said.model.name ?? said.model.model_name) : said.model_weights;
    const fields: Fields = {
      ...text("prompt", Array.isArray(prompt) ? (isRecord(prompt[0]) ? prompt[0].prompt : prompt[0]) : prompt),
      ...text("negative", image.negative_prompt),
      ...given("steps", numberIn(image.steps)),
      ...given("guidance", numberIn(image.cfg_scale)),
      ...text("seed", seedText(image.seed)),
      ...given("width", numberIn(image.width)),
      ...given("height", numberIn(image.height)),
      ...text("sampler", scheduler),
      rng: "cpu",
    };
    const loras = Array.isArray(said.loras) && said.loras.length > 0 ? ["LoRAs are left out."] : [];
    return { fields, model: { name: typeof model === "string" ? model : undefined }, notices: loras };
  },
};

/**
 * What a picture's texts say, as a request that this server can draw.
 * @param usual the model to draw with where the picture's own is not here
 */
export function settingsIn(
  read: { readonly texts: Texts; readonly width: number; readonly height: number },
  models: readonly KnownModel[],
  usual: KnownModel,
): ReadSettings {
  const { texts, width, height } = read;
  const whole = { texts: { ...texts }, width, height };
  for (const program of Object.keys(readers) as Program[]) {
    const said = attempt(() => readers[program](texts));
    if (!said) continue;
    const { request, notices } = fitted(said, models, usual);
    return { program, request, notices: [...said.notices, ...notices], ...whole };
  }
  const nothing = "This picture does not say how it was made, or in a way that is not known here.";
  return { program: null, request: DrawRequest.parse({}), notices: [nothing], ...whole };
}

/** Without what this server does not have, and a sentence about each such thing. */
function fitted(
  { fields, model }: Said,
  models: readonly KnownModel[],
  usual: KnownModel,
): { request: ReadSettings["request"]; notices: string[] } {
  const notices: string[] = [];
  const plain = (name: string): string => name.replace(/\.(safetensors|ckpt)$/, "").toLowerCase();
  const known = models.find(
    ({ id, model: own }) =>
      (model?.hash !== undefined && own.hash === model.hash) ||
      (model?.name !== undefined && [id, own.name].some((name) => plain(name) === plain(model.name ?? ""))),
  );
  if (!known && model?.name !== undefined)
    notices.push(`It was made with ${model.name}, which is not here; ${usual.model.name} draws something else.`);
  const request: Fields = { ...fields, ...(known && known !== usual && { model: known.id }) };
  const { width = 0, height = 0 } = request;
  const drawer = known ?? usual;
  if (isLarge(drawer, { width, height })) {
    notices.push(`${width}x${height} is far more than ${drawer.model.name} draws well; its own size is used.`);
    delete request.width;
    delete request.height;
  }
  if (request.quality === "fast" && !drawer.model.fewSteps) {
    notices.push(`It was drawn fast, which ${drawer.model.name} cannot; it is drawn as well as that can.`);
    for (const name of ["quality", "steps", "guidance"] as const) delete request[name];
  }
  for (const [name, check] of [
    ["sampler", (value: string) => walkNamed(value)],
    ["schedule", (value: string) => lookUp("schedule", value, schedules)],
    ["seed", (value: string) => seedOf(value) ?? attempt(() => undefined)],
  ] as const) {
    const value = request[name];
    if (value === undefined || attempt(() => check(value)) !== undefined) continue;
    notices.push(`The ${name} ${JSON.stringify(value)} is not known here; the model's own is used.`);
    delete request[name];
  }
  // What is still out of bounds is left out, field by field.
  for (;;) {
    const result = DrawRequest.safeParse(request);
    if (result.success) return { request: result.data, notices };
    const field = result.error.issues[0]?.path[0] as keyof Fields | undefined;
    const unknown = result.error.issues[0]?.code === "unrecognized_keys" ? result.error.issues[0].keys : [];
    for (const name of field === undefined ? (unknown as (keyof Fields)[]) : [field]) {
      notices.push(`${name} cannot be used here: ${result.error.issues[0]?.message}`);
      delete request[name];
    }
    if (field === undefined && unknown.length === 0) return { request: DrawRequest.parse({}), notices };
  }
}

interface Node {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNode = (value: unknown): value is Node =>
  isRecord(value) && typeof value.class_type === "string" && isRecord(value.inputs);

/** A JSON object, or undefined. Numbers beyond 2⁵³ (seeds) keep all their digits, as texts. */
function parsed(json: string): Record<string, unknown> | undefined {
  const exact = json.replace(/"(?:[^"\\]|\\.)*"?|[\w.+-]+/gs, (word) =>
    /^\d{16,20}$/.test(word) ? `"${word}"` : word,
  );
  const value = attempt(() => JSON.parse(exact) as unknown);
  return isRecord(value) ? value : undefined;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const seedText = (value: unknown): string | undefined =>
  typeof value === "number" || typeof value === "string" ? `${value}` : undefined;

const numberIn = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
};

const given = <K extends string>(name: K, value: number | undefined): { [key in K]?: number } =>
  value === undefined ? {} : ({ [name]: value } as { [key in K]: number });

const text = <K extends string>(name: K, value: unknown): { [key in K]?: string } =>
  typeof value === "string" && value !== "" ? ({ [name]: value } as { [key in K]: string }) : {};
