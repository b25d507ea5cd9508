// The contract of the HTTP API: everything that a request may say and an answer will, as zod schemas and their types.
// Imports nothing but zod, so that a page shares it with the server.
import { z } from "zod";

// -- Words that several parts use --------------------------------------------------------------------------------------

/** Opaque; never a path and never guessable. */
export const Id = z
  .string()
  .regex(/^[a-z0-9]{8,40}$/)
  .meta({ example: "p4k7w2m9x3c8r6tq" });
/** Milliseconds since 1970, by the server's clock. */
export const Time = z.int().nonnegative();
/** A whole number of any size, as text, because JSON's numbers end at 2⁵³. */
export const Seed = z.string().regex(/^[+-]?\d{1,40}$/, "a whole number, such as 7 or -7");
/** Thousandths of a credit. A credit is one picture with the default model's default settings. */
export const MilliCredits = z.int().meta({ description: "thousandths of a credit", example: 1000 });

/** What went wrong, in the shape of OpenAI's errors. */
export const Failure = z
  .object({
    error: z.object({
      /** For programs: see `ErrorCode`. */
      code: z.string(),
      /** For people: what was wrong, what was expected, what to do. */
      message: z.string(),
      type: z.string(),
      /** The field that is wrong, as a path: `request.steps`. */
      param: z.string().nullable(),
    }),
  })
  .meta({ id: "Failure" });
export type Failure = z.infer<typeof Failure>;

/**
 * Codes of failures. `too_many_jobs` and `rate_limited` come with status 429, `busy` and `stopping` with 503, all four with
 * `Retry-After` (seconds). `engine_crashed`, `took_too_long`, `model_changed` are how jobs fail; they charge nothing.
 */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "idempotency_mismatch"
  | "too_large"
  | "insufficient_credits"
  | "rate_limited"
  | "too_many_jobs"
  | "busy"
  | "stopping"
  | "unavailable"
  | "out_of_memory"
  | "out_of_disk"
  | "engine_crashed"
  | "took_too_long"
  | "model_changed"
  | "internal";

/** Keyset paging: newest first; pass `next` back as `cursor` for what follows. */
const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  z.object({ items: z.array(item), next: z.string().nullable() }).meta({ id });
const Cursor = z.string().max(200).optional();

// -- Server, models, samplers ------------------------------------------------------------------------------------------

/** GET /v1/server: what this server can do; the first thing that a page asks. */
export const Server = z
  .object({
    version: z.string(),
    /** Whether one signs in, and whether pictures cost credits. */
    accounts: z.boolean(),
    /** Whether an account can be made by whoever asks. */
    signUp: z.boolean(),
    /** The engine, as of now. */
    engine: z.enum(["starting", "ready", "restarting"]),
    /** Whether pictures are found by meaning (`/v1/pictures?meaning=`, `…/similar`); if not, why. */
    meaning: z.object({ available: z.boolean(), reason: z.string().nullable() }),
    defaultModel: z.string(),
    limits: z.object({
      promptLength: z.int(),
      steps: z.int(),
      side: z.object({ least: z.int(), most: z.int() }),
      count: z.int(),
      uploadBytes: z.int(),
      uploadPixels: z.int(),
    }),
  })
  .meta({ id: "Server" });
export type Server = z.infer<typeof Server>;

/** A model; an OpenAI client sees the fields it knows. */
export const Model = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: z.int(),
    owned_by: z.string(),
    name: z.string(),
    hash: z.string(),
    task: z.enum(["text-to-image", "inpainting", "instruct-pix2pix"]),
    /** Width and height are multiples of this. */
    sizeStep: z.int(),
    defaults: z.object({
      width: z.int(),
      height: z.int(),
      steps: z.int(),
      guidance: z.number(),
      sampler: z.string(),
      schedule: z.string(),
      shift: z.number(),
    }),
    /** What its fast quality is drawn with unless told; null for a model that draws in one quality. */
    fewSteps: z.object({ steps: z.int(), guidance: z.number() }).nullable(),
    /** Tokens of a prompt that fit into one row, without start and end. */
    tokensPerRow: z.int(),
  })
  .meta({ id: "Model" });
export type Model = z.infer<typeof Model>;

/** GET /v1/models. */
export const Models = z.object({ object: z.literal("list"), data: z.array(Model) }).meta({ id: "Models" });
export type Models = z.infer<typeof Models>;

/** GET /v1/samplers. */
export const Samplers = z
  .object({
    samplers: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        aliases: z.array(z.string()),
        /** Calls of the network per step: its cost in time. */
        calls: z.int(),
        /** Whether it adds fresh noise at each step. */
        random: z.boolean(),
      }),
    ),
    schedules: z.array(z.object({ name: z.string(), title: z.string(), aliases: z.array(z.string()) })),
  })
  .meta({ id: "Samplers" });
export type Samplers = z.infer<typeof Samplers>;

/** POST /v1/tokens: how a text is read. */
export const TokensRequest = z
  .object({ text: z.string().max(4000), model: z.string().max(200).optional() })
  .meta({ id: "TokensRequest" });
export type TokensRequest = z.infer<typeof TokensRequest>;

export const Reading = z
  .object({
    /** The model's name, or "CLIP". */
    who: z.string(),
    pieces: z.array(z.object({ text: z.string(), id: z.int() })),
    /** Pieces of one row, and how many rows the text fills. */
    perRow: z.int(),
    rows: z.int(),
    /** Pieces that found no room. */
    dropped: z.int(),
    unknown: z.array(z.object({ word: z.string(), nearest: z.string().optional() })),
    notices: z.array(z.string()),
  })
  .meta({ id: "Reading" });
export type Reading = z.infer<typeof Reading>;
export const Tokens = z.object({ readings: z.array(Reading) }).meta({ id: "Tokens" });
export type Tokens = z.infer<typeof Tokens>;

// -- What is drawn -----------------------------------------------------------------------------------------------------

/** A picture to begin with: one that was uploaded, or one of the gallery. */
export const Source = z.union([z.object({ upload: Id }), z.object({ picture: Id })]).meta({ id: "Source" });
export type Source = z.infer<typeof Source>;

/** What pictures are made from; what is left out is the model's own default, and a seed is drawn. */
export const DrawRequest = z
  .strictObject({
    /** A model's `id`; the default one unless told. */
    model: z.string().max(200).optional(),
    /** Absent for pictures that nothing guides. */
    prompt: z.string().max(4000).optional(),
    negative: z.string().max(4000).optional(),
    /** Of the first picture; each further one has the next. */
    seed: Seed.optional(),
    count: z.int().min(1).max(16).default(1),
    width: z.int().min(8).max(2048).optional(),
    height: z.int().min(8).max(2048).optional(),
    /** Unless told, fast where the model can and nothing is asked that only best has: steps, guidance, sampler, an image … */
    quality: z.enum(["fast", "best"]).optional(),
    /** In two passes: drawn at the model's own size, then enlarged and drawn on, as from an image of this strength. */
    hires: z.number().gt(0).lt(1).optional(),
    steps: z.int().min(1).max(150).optional(),
    guidance: z.number().min(0).max(100).optional(),
    rescale: z.number().min(0).max(1).optional(),
    /** In any program's spelling. */
    sampler: z.string().max(60).optional(),
    schedule: z.string().max(60).optional(),
    shift: z.number().min(0.01).max(100).optional(),
    clipSkip: z.int().min(1).max(24).optional(),
    rng: z.enum(["cpu", "cpu-f16", "cpu-bf16", "nv", "numpy"]).optional(),
    variation: z.object({ seed: Seed, strength: z.number().min(0).max(1) }).optional(),
    image: Source.optional(),
    mask: Source.optional(),
    strength: z.number().gt(0).max(1).optional(),
    imageGuidance: z.number().min(0).max(100).optional(),
  })
  .meta({ id: "DrawRequest" });
export type DrawRequest = z.input<typeof DrawRequest>;

/** Every choice made: a request that gives the same pictures again. */
export const Settings = z
  .object({
    model: z.string(),
    prompt: z.string().optional(),
    negative: z.string().optional(),
    seed: Seed,
    count: z.int(),
    width: z.int(),
    height: z.int(),
    /** Absent where the model draws in one quality. */
    quality: z.enum(["fast", "best"]).optional(),
    hires: z.number().optional(),
    steps: z.int(),
    guidance: z.number(),
    rescale: z.number(),
    sampler: z.string(),
    schedule: z.string(),
    shift: z.number(),
    clipSkip: z.int(),
    rng: z.enum(["cpu", "cpu-f16", "cpu-bf16", "nv", "numpy"]),
    variation: z.object({ seed: Seed, strength: z.number() }).optional(),
    image: Source.optional(),
    mask: Source.optional(),
    strength: z.number().optional(),
    imageGuidance: z.number().optional(),
  })
  .meta({ id: "Settings" });
export type Settings = z.infer<typeof Settings>;

/** POST /v1/quotes {request}: what a request would cost and take, and what is to be said about it. Costs nothing. */
export const Quote = z
  .object({
    settings: Settings,
    price: MilliCredits,
    /** Of drawing alone, once it is its turn. A guess until the model has drawn once (`measured`). */
    seconds: z.number(),
    measured: z.boolean(),
    /** Until it would be begun. */
    wait: z.number(),
    /** Whether the account can pay for it; true where nothing is paid. */
    affordable: z.boolean(),
    /** What is not read as written, or not used as given, one sentence each. */
    notices: z.array(z.string()),
  })
  .meta({ id: "Quote" });
export type Quote = z.infer<typeof Quote>;

// -- Pictures ----------------------------------------------------------------------------------------------------------

export const Picture = z
  .object({
    id: Id,
    job: Id.nullable(),
    /** Which of the job's pictures, from 0. */
    index: z.int(),
    created: Time,
    /** The PNG; `…/thumbnail` of it is at most 256 pixels wide and high. Both never change. */
    url: z.string(),
    thumbnail: z.string(),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    /** SHA-256 of the PNG. */
    sha256: z.string(),
    /** What made it; `count` is 1 and `seed` its own. */
    settings: Settings,
    modelHash: z.string(),
    /** Seconds that it took. */
    seconds: z.number(),
    price: MilliCredits,
    starred: z.boolean(),
    /** When it was deleted; it is gone for good thirty days later. */
    deleted: Time.nullable(),
    group: z.string().nullable(),
    notices: z.array(z.string()),
    /** Cosine to what was searched for by meaning; absent elsewhere. */
    score: z.number().optional(),
  })
  .meta({ id: "Picture" });
export type Picture = z.infer<typeof Picture>;

/** GET /v1/pictures. */
export const PicturesQuery = z.object({
  /** Words that prompts hold, each at the beginning of a word. */
  text: z.string().max(400).optional(),
  /** What pictures show, in words: the 500 that fit best, best first. 501 where `Server.meaning` is not available. Not with `text`. */
  meaning: z.string().trim().min(1).max(400).optional(),
  starred: z.enum(["true", "false"]).optional(),
  deleted: z.enum(["true", "false"]).default("false"),
  group: z.string().max(64).optional(),
  job: Id.optional(),
  cursor: Cursor,
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type PicturesQuery = z.input<typeof PicturesQuery>;
export const Pictures = z
  .object({
    items: z.array(Picture),
    next: z.string().nullable(),
    /** Searched for by meaning: how many pictures have not been looked at yet, and what is to be said about the words. */
    unseen: z.int().optional(),
    notices: z.array(z.string()).optional(),
  })
  .meta({ id: "Pictures" });
export type Pictures = z.infer<typeof Pictures>;

/** GET /v1/pictures/count, with the filters of `PicturesQuery`: how many there are, for scroll bars. */
export const Count = z.object({ count: z.int() }).meta({ id: "Count" });
export type Count = z.infer<typeof Count>;

/** PATCH /v1/pictures/{id}. */
export const PictureChange = z.strictObject({ starred: z.boolean() }).meta({ id: "PictureChange" });
export type PictureChange = z.infer<typeof PictureChange>;

/** POST /v1/pictures/delete and /v1/pictures/restore: many at once; those that are not there are passed over. */
export const PictureIds = z.object({ ids: z.array(Id).min(1).max(1000) }).meta({ id: "PictureIds" });
export type PictureIds = z.infer<typeof PictureIds>;

/** GET /v1/pictures/{id}/similar: nearest by meaning. */
export const SimilarQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(24) });

/** POST /v1/pictures/read, a PNG as the body: what it says about how it was made. */
export const ReadSettings = z
  .object({
    /** Which program's words were understood. */
    program: z.enum(["dreamgrain", "a1111", "comfyui", "invokeai"]).nullable(),
    /** A request for this server; what it does not have (another model, LoRAs) is left out and said in `notices`. */
    request: DrawRequest,
    /** The picture's own, of whichever program, as text. */
    texts: z.record(z.string(), z.string()),
    notices: z.array(z.string()),
    width: z.int(),
    height: z.int(),
  })
  .meta({ id: "ReadSettings" });
export type ReadSettings = z.infer<typeof ReadSettings>;

/** POST /v1/uploads, a PNG, JPEG or WebP as the body: a picture to draw from. Kept thirty days, or as long as it is used. */
export const Upload = z
  .object({ id: Id, url: z.string(), width: z.int(), height: z.int(), created: Time })
  .meta({ id: "Upload" });
export type Upload = z.infer<typeof Upload>;

// -- Jobs --------------------------------------------------------------------------------------------------------------

/** queued → running → done | failed | cancelled; a job whose engine died is queued once more. */
export const JobState = z.enum(["queued", "running", "done", "failed", "cancelled"]).meta({ id: "JobState" });
export type JobState = z.infer<typeof JobState>;

export const Progress = z
  .object({
    /** Which picture is being drawn, from 0, and its step, from 1 (0: being prepared). */
    picture: z.int(),
    step: z.int(),
    /** Steps of one picture. */
    steps: z.int(),
    /** Of the whole job, 0…1. */
    done: z.number(),
    /** Until the whole job is done. */
    secondsLeft: z.number(),
  })
  .meta({ id: "Progress" });
export type Progress = z.infer<typeof Progress>;

export const Job = z
  .object({
    id: Id,
    state: JobState,
    created: Time,
    started: Time.nullable(),
    finished: Time.nullable(),
    settings: Settings,
    group: z.string().nullable(),
    label: z.string().nullable(),
    /** Frozen when it was accepted. */
    price: MilliCredits,
    /** What was charged: `price` when done, a share when cancelled in the middle, 0 when failed. Null until then. */
    charged: MilliCredits.nullable(),
    /** Seconds that drawing it takes, as estimated at acceptance; what it took, when it is done. */
    seconds: z.number(),
    /** How many of the account's and others' jobs are before it, and seconds until it begins; null unless queued. */
    position: z.int().nullable(),
    wait: z.number().nullable(),
    progress: Progress.nullable(),
    /** Whether it was asked to stop and has not yet. */
    cancelling: z.boolean(),
    attempt: z.int(),
    pictures: z.array(Picture),
    notices: z.array(z.string()),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

/**
 * POST /v1/jobs → 202 `Job`, with `Location`. Header `Idempotency-Key` (1 to 128 printable characters): the same key with the
 * same body is answered with the same job, whatever happened in between; with another body 409 `idempotency_mismatch`.
 */
export const NewJob = z
  .strictObject({
    request: DrawRequest,
    /** Jobs that belong together, such as the cells of a grid: a name of the client's. */
    group: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional(),
    /** Whatever the client wants to find again, such as the place in the grid. */
    label: z.string().max(200).optional(),
    /** Before one's other queued jobs. */
    front: z.boolean().optional(),
  })
  .meta({ id: "NewJob" });
export type NewJob = z.input<typeof NewJob>;

/** POST /v1/quotes. */
export const QuoteRequest = z.object({ request: DrawRequest }).meta({ id: "QuoteRequest" });
export type QuoteRequest = z.input<typeof QuoteRequest>;

/** GET /v1/jobs: `state=active` is queued and running, in the order in which they will be drawn; others newest first. */
export const JobsQuery = z.object({
  state: z.enum(["active", "queued", "running", "done", "failed", "cancelled"]).optional(),
  group: z.string().max(64).optional(),
  cursor: Cursor,
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type JobsQuery = z.input<typeof JobsQuery>;
export const Jobs = pageOf(Job, "Jobs");
export type Jobs = z.infer<typeof Jobs>;

/** POST /v1/jobs/{id}/move: among one's own queued jobs. 409 when it is not queued. */
export const Move = z
  .union([
    z.strictObject({ to: z.enum(["front", "back"]) }),
    z.strictObject({ before: Id }),
    z.strictObject({ after: Id }),
  ])
  .meta({ id: "Move" });
export type Move = z.infer<typeof Move>;

/** POST /v1/jobs/cancel: all of one's active jobs, or those of a group. DELETE /v1/jobs/{id} cancels one; both are 202. */
export const CancelMany = z.strictObject({ group: z.string().max(64).optional() }).meta({ id: "CancelMany" });
export type CancelMany = z.infer<typeof CancelMany>;
export const Cancelled = z.object({ cancelled: z.int() }).meta({ id: "Cancelled" });
export type Cancelled = z.infer<typeof Cancelled>;

// -- Events ------------------------------------------------------------------------------------------------------------

/**
 * Server-sent events, of GET /v1/events (all of one's jobs) and GET /v1/jobs/{id}/events (one; ends with it). The SSE `event`
 * is the key here, `data` the JSON of the schema. Every event has an `id`; a client that comes back with it (`Last-Event-ID`,
 * as EventSource does by itself, or `?last=`) gets what it missed, or a `snapshot` where that is no longer known. A stream
 * without an id begins with a `snapshot`. Comments (`:`) every 15 s keep it alive. A client that reads too slowly misses previews first.
 */
export const Events = {
  /** All active jobs (of one job's stream: that job), in the order in which they will be drawn. Replaces what was known. */
  snapshot: z.object({ jobs: z.array(Job) }),
  /** A job was accepted or changed its state. */
  job: Job,
  progress: z.object({ job: Id, progress: Progress }),
  /** What the picture would be now: a small PNG as a data URL. `step` as in `Progress`. */
  preview: z.object({ job: Id, picture: z.int(), step: z.int(), steps: z.int(), image: z.string() }),
  /** One picture of a job is done, and in the gallery. */
  picture: z.object({ job: Id, picture: Picture }),
  /** Who is where in the queue, after it changed: one's queued jobs in order. */
  queue: z.object({ jobs: z.array(z.object({ id: Id, position: z.int(), wait: z.number() })) }),
  /** Credits, after they changed; only where accounts are on. */
  balance: z.object({ available: MilliCredits, held: MilliCredits }),
} as const;
export type EventName = keyof typeof Events;
export type EventData = { [K in EventName]: z.infer<(typeof Events)[K]> };

// -- Accounts, where they are on ---------------------------------------------------------------------------------------

export const Role = z.enum(["user", "admin"]);
/** GET /v1/account; also the answer to signing up and in. Without accounts: `name` is "local", the balance null. */
export const Account = z
  .object({
    id: Id,
    name: z.string(),
    role: Role,
    created: Time,
    balance: z.object({ available: MilliCredits, held: MilliCredits }).nullable(),
  })
  .meta({ id: "Account" });
export type Account = z.infer<typeof Account>;

const Password = z.string().min(10, "at least 10 characters").max(200);
/** POST /v1/accounts (sign up, 201) sets the session cookie too. The first account is an admin's. */
export const SignUp = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(2)
      .max(64)
      .regex(/^[\p{L}\p{N}._@+-]+$/u, "letters, digits and . _ @ + - only"),
    password: Password,
  })
  .meta({ id: "SignUp" });
export type SignUp = z.infer<typeof SignUp>;

/** POST /v1/session (sign in) sets the cookie; DELETE /v1/session (sign out) ends it. */
export const SignIn = z
  .strictObject({ name: z.string().max(64), password: z.string().max(200) })
  .meta({ id: "SignIn" });
export type SignIn = z.infer<typeof SignIn>;

/** POST /v1/account/password: ends all other sessions. */
export const NewPassword = z.strictObject({ old: z.string().max(200), new: Password }).meta({ id: "NewPassword" });
export type NewPassword = z.infer<typeof NewPassword>;

/** GET /v1/keys: what can be said about an API key. The key itself is shown once, by POST /v1/keys. */
export const Key = z
  .object({ id: Id, label: z.string(), start: z.string(), created: Time, used: Time.nullable() })
  .meta({ id: "Key" });
export type Key = z.infer<typeof Key>;
export const Keys = z.object({ items: z.array(Key) }).meta({ id: "Keys" });
export type Keys = z.infer<typeof Keys>;
export const NewKey = z.strictObject({ label: z.string().trim().min(1).max(60) }).meta({ id: "NewKey" });
export type NewKey = z.infer<typeof NewKey>;
/** `secret` goes into `Authorization: Bearer …`. */
export const MadeKey = Key.extend({ secret: z.string() }).meta({ id: "MadeKey" });
export type MadeKey = z.infer<typeof MadeKey>;

/** GET /v1/account/ledger: what moved one's credits, newest first; `amount` is what it did to `available`. */
export const LedgerEntry = z
  .object({
    id: z.int(),
    created: Time,
    kind: z.enum(["grant", "hold", "capture", "release", "refund"]),
    amount: MilliCredits,
    job: Id.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "LedgerEntry" });
export type LedgerEntry = z.infer<typeof LedgerEntry>;
export const Ledger = pageOf(LedgerEntry, "Ledger");
export type Ledger = z.infer<typeof Ledger>;
export const LedgerQuery = z.object({ cursor: Cursor, limit: z.coerce.number().int().min(1).max(500).default(100) });
export type LedgerQuery = z.input<typeof LedgerQuery>;

/** GET /v1/admin/accounts, for admins: all, or those whose name holds `name`. */
export const AccountsQuery = z.object({ name: z.string().max(64).optional(), cursor: Cursor });
export type AccountsQuery = z.input<typeof AccountsQuery>;
export const Accounts = pageOf(Account, "Accounts");
export type Accounts = z.infer<typeof Accounts>;
/**
 * POST /v1/admin/accounts/{id}/grants; the answer is the account. Header `Idempotency-Key`: the same key with the same grant
 * gives nothing more, with another one 409 `idempotency_mismatch`.
 */
export const Grant = z
  .strictObject({ amount: z.int().min(1).max(1_000_000_000), reason: z.string().trim().min(1).max(200) })
  .meta({ id: "Grant" });
export type Grant = z.infer<typeof Grant>;
