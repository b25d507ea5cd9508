// team: several threads train one state. Each computes the gradients of its part of a batch with an engine of its own, then
// updates its share of the weights. Two engines of one thread waste less than one engine of two when graphs are as small as
// in training here, and no thread waits while another does the arithmetic of the optimiser. Node only.
import { Worker } from "node:worker_threads";
import { serialize } from "../graph/serial.ts";
import type { Graph } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import type { Device } from "../runtime/ort-node.ts";
import { RuntimeError } from "../runtime/runtime.ts";
import { type AnyTensor, size, tensor } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";
import { type IsMuons, type Learner, type Trainer, type Update, withGradients } from "./learner.ts";
import type { TrainingState } from "./train.ts";

/** Where values lie in memory that threads share; offsets in 4-byte elements. */
export interface Layout {
  readonly buffer: SharedArrayBuffer;
  readonly places: Readonly<
    Record<string, { readonly offset: number; readonly shape: readonly number[]; readonly dtype: "f32" | "i32" }>
  >;
}

/** The parts of a training state, all laid out alike. */
export const PARTS = ["params", "average", "first", "second"] as const;

/** What a worker is started with. */
export interface WorkerStart {
  /** The losses with their gradients, for one worker's part of a batch. */
  readonly graphs: readonly ReturnType<typeof serialize>[];
  readonly state: Readonly<Record<(typeof PARTS)[number], Layout>>;
  /** Of all workers with an engine, in order, laid out as the state is. */
  readonly gradients: readonly Layout[];
  /** Parameters that Muon learns; they lie behind all others. */
  readonly matrices: readonly string[];
  /** What a worker with an engine is fed for each of the losses, round after round, and what it finds, added up. */
  readonly own?: readonly { readonly inputs: readonly Layout[]; readonly metrics: Layout }[];
  readonly device: Device;
  /** Which of how many workers this is; the first have the engines. */
  readonly index: number;
  readonly threads: number;
}

/**
 * Which worker learns which matrix, so that all have about as much to do: the next largest goes to whoever has least.
 * @returns the matrices of each
 */
export function dealt({ places }: Layout, matrices: readonly string[], threads: number): string[][] {
  const work = ({ shape: [rows, ...rest] }: Layout["places"][string]): number => {
    const columns = size(rest);
    return Math.min(rows, columns) ** 2 * (Math.max(rows, columns) + 4 * Math.min(rows, columns));
  };
  const hands = Array.from({ length: threads }, () => ({ names: [] as string[], work: 0 }));
  for (const name of [...matrices].sort((a, b) => work(places[b]) - work(places[a]))) {
    const idle = hands.reduce((a, b) => (b.work < a.work ? b : a));
    idle.names.push(name);
    idle.work += work(places[name]);
  }
  return hands.map(({ names }) => names);
}

/** What a worker is told: compute a loss's gradients, add up its share of all workers' gradients, apply that share, or end. */
export type Task = { readonly look: number } | "add" | "end" | Update;

/** What it answers; `squares` is the squared length of its share of the gradients. */
export interface Answer {
  readonly problem?: string;
  readonly squares?: number;
}

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/training/team-worker.js" : "./team-worker.js",
  import.meta.url,
);

function layout(values: Iterable<readonly [string, Pick<Value, "shape" | "dtype">]>): Layout {
  const places: Record<string, Layout["places"][string]> = {};
  let offset = 0;
  for (const [name, { shape, dtype }] of values) {
    places[name] = { offset, shape, dtype };
    offset += size(shape);
  }
  return { buffer: new SharedArrayBuffer(4 * offset), places };
}

/** A view of one value in shared memory. */
export function view({ buffer, places }: Layout, name: string): Float32Array | Int32Array {
  const { offset, shape, dtype } = places[name];
  return dtype === "i32"
    ? new Int32Array(buffer, 4 * offset, size(shape))
    : new Float32Array(buffer, 4 * offset, size(shape));
}

/** Tensors moved, in place, to memory that threads share. */
function shared(tensors: Tensors, values: Parameters<typeof layout>[0]): Layout {
  const made = layout(values);
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    const moved = view(made, name) as Float32Array;
    moved.set(data);
    tensors[name] = tensor(moved, shape);
  }
  return made;
}

export interface TeamOptions {
  readonly device?: Device;
  /** How many of the threads have an engine: all, unless told. A graphics card is fed well by two. */
  readonly engines?: number;
  /** In how many rounds an engine takes its part of a batch, 1 unless told: more need less memory. */
  readonly rounds?: number;
}

/** Training on `threads` threads, one core each. */
export const team = (
  threads: number,
  { device = "cpu", engines = threads, rounds = 1 }: TeamOptions = {},
): Trainer => ({
  parts: engines * rounds,
  async learner<In extends string>(
    losses: readonly Graph<In, string>[],
    state: TrainingState,
    isMuons: IsMuons = () => false,
  ): Promise<Learner<In>> {
    const { params, average, moments } = state;
    // Matrices that Muon learns lie behind all others, so that those are one run of numbers to share.
    const all = [...losses[0].params].map(([name, value]) => ({ name, value, own: isMuons(name, value.shape) }));
    const shapes = [...all.filter(({ own }) => !own), ...all.filter(({ own }) => own)].map(
      ({ name, value }) => [name, value] as const,
    );
    const start: Omit<WorkerStart, "index" | "own"> = {
      graphs: losses.map((loss) => serialize(withGradients(loss))),
      state: {
        params: shared(params, shapes),
        average: shared(average, shapes),
        first: shared(moments.first, shapes),
        second: shared(moments.second, shapes),
      },
      gradients: Array.from({ length: engines }, () => layout(shapes)),
      matrices: all.flatMap(({ name, own }) => (own ? [name] : [])),
      device,
      threads,
    };
    const owned = start.gradients.map(() =>
      losses.map(({ inputs, outputs }) => ({
        inputs: Array.from({ length: rounds }, () => layout(Object.entries<Value>(inputs))),
        metrics: layout(Object.entries<Value>(outputs)),
      })),
    );
    const begun = await Promise.allSettled(
      Array.from({ length: threads }, (_, index) =>
        hand({ ...start, index, ...(index < engines && { own: owned[index] }) }),
      ),
    );
    const hands = begun.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = begun.find((one) => one.status === "rejected");
    if (failed) {
      await Promise.all(hands.map(({ end }) => end()));
      throw failed.reason;
    }
    const ask = (some: typeof hands, task: Task): Promise<Answer[]> => Promise.all(some.map(({ ask }) => ask(task)));
    return {
      async look(batch, which) {
        const own = owned.map((of) => of[which]);
        for (const [name, t] of Object.entries<AnyTensor>(batch)) {
          const parts = own.flatMap(({ inputs }) => inputs.map((round) => view(round, name)));
          const { length } = parts[0];
          if (t.data.length !== parts.length * length)
            throw new RuntimeError(
              `team: input ${name} [${t.shape}] does not split into ${parts.length} parts of [${losses[which].inputs[name as In].shape}]`,
            );
          for (const [i, part] of parts.entries())
            part.set((t.data as Float32Array).subarray(i * length, (i + 1) * length));
        }
        await ask(hands.slice(0, engines), { look: which });
        const squares = (await ask(hands, "add")).reduce((sum, answer) => sum + answer.squares!, 0);
        const metrics = Object.keys(losses[which].outputs).map((name) => {
          const sum = own.reduce((total, { metrics }) => total + view(metrics, name)[0], 0);
          return [name, sum / (engines * rounds)] as const;
        });
        return { metrics: Object.fromEntries(metrics), norm: Math.sqrt(squares) / (engines * rounds) };
      },
      async learn(update) {
        await ask(hands, { ...update, scale: update.scale / (engines * rounds) });
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(hands.map(({ end }) => end()));
      },
    };
  },
});

/** Starts one worker. */
async function hand(start: WorkerStart) {
  const worker = new Worker(entry, { workerData: start });
  const answer = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const settle = (given: Answer): void => {
        worker.off("exit", died);
        if (given.problem === undefined) resolve(given);
        else reject(new RuntimeError(`team: ${given.problem}`));
      };
      const died = (code: number): void => settle({ problem: `a worker ended with code ${code}` });
      worker.once("message", settle);
      worker.once("exit", died);
    });
  const end = async (): Promise<void> => {
    const gone = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("end");
    await gone;
  };
  try {
    await answer();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    ask(task: Task): Promise<Answer> {
      const given = answer();
      worker.postMessage(task);
      return given;
    },
    end,
  };
}
