// The gateway's side of an engine's process: one drawing at a time, a deadline for every step, a new process for a dead one.
import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { Failed } from "../failures.ts";
import { type Drawing, type FromEngine, type Meant, MOST_BYTES, type ToEngine, type Took } from "./protocol.ts";

export interface EngineOptions {
  /** The module that the process runs. */
  readonly entry: string;
  /** What is opened first, in each process anew. */
  readonly model: Drawing["model"];
  /** Milliseconds without a sign of life, at the least and while a model is opened; a step may take ten times the usual. */
  readonly deadline?: { readonly least: number; readonly opening: number };
  /** Milliseconds that a cancelled step may take before the process is killed, at the least. */
  readonly grace?: number;
  /** Milliseconds until a dead process is followed by a new one: at first, and at most, doubling in between. */
  readonly backOff?: { readonly first: number; readonly most: number };
  readonly onReady?: (took: Took | undefined) => void;
  /** Why it died. */
  readonly onDeath?: (why: string) => void;
}

export interface Step {
  readonly step: number;
  readonly steps: number;
  readonly preview: Uint8Array | undefined;
}

/** A picture that came out. */
export interface Drawn {
  readonly png: Uint8Array;
  readonly took: Took | undefined;
}

/** The process died in the middle of something, by itself or because it took too long. */
export class EngineCrashed extends Error {
  override readonly name = "EngineCrashed";
  readonly late: boolean;
  /** Whether it died of something else than what was asked for. */
  readonly innocent: boolean;
  constructor(message: string, late: boolean, innocent = false) {
    super(message);
    this.late = late;
    this.innocent = innocent;
  }
}

export interface Engine {
  readonly state: "starting" | "ready" | "restarting";
  readonly pid: number | undefined;
  /** Bytes of memory that it held last. */
  readonly memory: number;
  /** How many processes died without being told to. */
  readonly deaths: number;
  /** Resolves when it can draw. */
  ready(): Promise<void>;
  /**
   * Draw a picture.
   * @returns undefined when it was cancelled by the signal
   * @throws Failed when it cannot be drawn, EngineCrashed when the process died
   */
  draw(id: string, drawing: Drawing, onStep: (step: Step) => void, signal: AbortSignal): Promise<Drawn | undefined>;
  /**
   * What a text or a picture means, as a vector of length 1.
   * @throws Failed when it cannot be read, or too much is asked at once; EngineCrashed when the process died
   */
  understand(meant: Meant): Promise<Float32Array>;
  /** End the process; there will be no other. */
  stop(): Promise<void>;
}

interface Current {
  readonly id: string;
  readonly onStep: (step: Step) => void;
  readonly resolve: (drawn: Drawn | undefined) => void;
  readonly reject: (error: Error) => void;
}

interface Asked {
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** Questions of meaning that may wait for their answer. */
const MOST_ASKED = 64;

/** Keep an engine running. */
export function startEngine(options: EngineOptions): Engine {
  const { deadline = { least: 60_000, opening: 600_000 }, grace = 5000 } = options;
  const { backOff = { first: 250, most: 30_000 } } = options;
  let child: ChildProcess | undefined;
  let state: Engine["state"] = "starting";
  let current: Current | undefined;
  /** Whose meaning is asked for, and which of them is being looked at. */
  const asked = new Map<string, Asked>();
  let looking: string | undefined;
  let looked = false;
  let questions = 0;
  let stopped = false;
  let killed: "late" | "cancelled" | undefined;
  let deaths = 0;
  let wait = backOff.first;
  let memory = 0;
  let stderr = "";
  let watch: NodeJS.Timeout | undefined;
  let restart: NodeJS.Timeout | undefined;
  let beat = performance.now();
  /** Milliseconds of the latest steps. */
  const times: number[] = [];
  const waiting: (() => void)[] = [];

  const usual = (): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
  const alive = (limit: number): void => {
    clearTimeout(watch);
    beat = performance.now();
    watch = setTimeout(() => kill("late"), limit);
  };
  const kill = (why: typeof killed): void => {
    killed = why;
    child?.kill("SIGKILL");
  };
  const send = (message: ToEngine): void => {
    child?.send(message, () => {}); // a channel that is closed is followed by "close"
  };

  /** Something is done: there is a deadline only while there is something else to do. */
  const rest = (patience: number): void => {
    clearTimeout(watch);
    if (current || asked.size > 0) alive(patience);
  };

  const heard = (message: FromEngine): void => {
    const step = performance.now() - beat;
    const patience = Math.max(deadline.least, 10 * usual());
    if (message.kind === "ready") {
      state = "ready";
      clearTimeout(watch);
      options.onReady?.(message.took);
      for (const resolve of waiting.splice(0)) resolve();
      return;
    }
    if (message.kind === "beat") {
      alive(state === "ready" ? patience : deadline.opening);
      return;
    }
    const question = asked.get(message.id);
    if (question) {
      if (message.kind === "looking") {
        looking = message.id;
        alive(looked ? patience : deadline.opening); // it has to open its model first
        looked = true;
        return;
      }
      looking = undefined;
      asked.delete(message.id);
      rest(patience);
      if (message.kind === "understood") question.resolve(message.vector);
      else if (message.kind === "failed") question.reject(new Failed(message.code, message.message));
      return;
    }
    if (message.kind === "looking" || message.kind === "understood" || message.id !== current?.id) return;
    if (message.kind === "step") {
      times.push(step);
      if (times.length > 51) times.shift();
      memory = message.memory;
      alive(patience);
      current.onStep(message);
      return;
    }
    wait = backOff.first;
    const { resolve, reject } = current;
    current = undefined;
    rest(patience);
    if (message.kind === "cancelled") resolve(undefined);
    else if (message.kind === "failed") reject(new Failed(message.code, message.message));
    else if (message.png.byteLength <= MOST_BYTES) resolve({ png: message.png, took: message.took });
    else reject(new Failed("internal", "the picture's file is too large"));
  };

  const start = (): void => {
    stderr = "";
    killed = undefined;
    const fresh = fork(options.entry, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
    });
    child = fresh;
    try {
      if (fresh.pid !== undefined) setPriority(fresh.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // It is gone already, or the system has no such thing.
    }
    fresh.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-4000);
    });
    fresh.on("message", heard);
    fresh.on("error", (error) => gone(fresh, error.message));
    fresh.on("close", (code, signal) => gone(fresh, signal ? `killed by ${signal}` : `exit code ${code}`));
    alive(deadline.opening);
    send({ kind: "open", model: options.model });
  };

  const gone = (which: ChildProcess, how: string): void => {
    if (child !== which) return;
    child = undefined;
    clearTimeout(watch);
    state = "restarting";
    const last = current;
    const guilty = looking;
    const questioned = [...asked];
    current = undefined;
    looking = undefined;
    looked = false;
    asked.clear();
    const cancelled = killed === "cancelled";
    const why = killed === "late" ? "it gave no sign of life for too long and was ended" : `its process died (${how})`;
    const crash = (innocent: boolean): EngineCrashed =>
      new EngineCrashed(`engine: ${why}`, killed === "late", innocent);
    if (last && cancelled) last.resolve(undefined);
    else last?.reject(crash(guilty !== undefined));
    for (const [id, { reject }] of questioned) reject(crash(cancelled || id !== guilty));
    if (stopped) return;
    if (!cancelled) {
      deaths++;
      options.onDeath?.(`${how}${stderr ? `: ${stderr.trim().slice(-1000)}` : ""}`);
    }
    restart = setTimeout(start, cancelled ? 0 : wait);
    if (!cancelled) wait = Math.min(backOff.most, wait * 2);
  };

  start();
  return {
    get state() {
      return state;
    },
    get pid() {
      return child?.pid;
    },
    get memory() {
      return memory;
    },
    get deaths() {
      return deaths;
    },
    ready: () => (state === "ready" ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    draw(id, drawing, onStep, signal) {
      if (!child || state !== "ready")
        return Promise.reject(new EngineCrashed("engine: there is none at the moment", false));
      if (signal.aborted) return Promise.resolve(undefined);
      let hard: NodeJS.Timeout | undefined;
      const cancel = (): void => {
        send({ kind: "cancel", id });
        hard = setTimeout(() => kill("cancelled"), Math.max(grace, 2 * usual()));
      };
      signal.addEventListener("abort", cancel, { once: true });
      return new Promise<Drawn | undefined>((resolve, reject) => {
        current = { id, onStep, resolve, reject };
        alive(deadline.opening); // it may have to open another model first
        send({ kind: "draw", id, ...drawing });
      }).finally(() => {
        clearTimeout(hard);
        signal.removeEventListener("abort", cancel);
      });
    },
    understand(meant) {
      if (!child || state !== "ready")
        return Promise.reject(new EngineCrashed("engine: there is none at the moment", false, true));
      if (asked.size >= MOST_ASKED)
        return Promise.reject(
          new Failed("busy", "too much is searched for at once; try again in a moment", { retryAfter: 1 }),
        );
      return new Promise((resolve, reject) => {
        const id = `meaning-${++questions}`;
        if (!current && asked.size === 0) alive(deadline.opening);
        asked.set(id, { resolve, reject });
        send({ kind: "understand", id, ...meant });
      });
    },
    async stop() {
      stopped = true;
      clearTimeout(restart);
      const last = child;
      if (!last) return;
      await new Promise<void>((resolve) => {
        last.once("close", () => resolve());
        last.kill("SIGKILL");
      });
    },
  };
}
