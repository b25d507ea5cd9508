// inWorker: a runtime hosted in a Web Worker, so that a page never waits for a network and can stop one in the middle of a run.
import { size } from "../tensor/tensor.ts";
import { calls, EngineDied, type Home } from "./calls.ts";
import { type HostedOptions, type HostedRuntime, hosted } from "./hosted.ts";
import type { Engine, FromChild, Progress, ToChild } from "./isolated-protocol.ts";

export interface InWorkerOptions extends HostedOptions {
  /** The runtime to host; ONNX Runtime unless told. */
  readonly engine?: Engine<"ort-web" | "reference">;
  /** Makes the worker, for pages whose bundler does not find it: a module worker that imports `dreamgrain/worker`. */
  readonly worker?: () => Worker;
}

/**
 * Another runtime, in a worker of its own: started by the first `compile`, one message for each run, terminated by disposing.
 * @example
 * await using runtime = inWorker();
 * const networks = engine(await fetchModel("/models/default"), runtime);
 */
export function inWorker({ engine = { name: "ort-web" }, worker, ...options }: InWorkerOptions = {}): HostedRuntime {
  const make =
    worker ?? (() => new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "dreamgrain" }));
  return hosted("in a worker:", engine, (onProgress) => startWorker(make(), onProgress), options);
}

function startWorker(worker: Worker, onProgress: (progress: Progress) => void): Home {
  const queue = calls((message) => worker.postMessage(compact(message)), onProgress);
  const end = (death: EngineDied): void => {
    worker.terminate();
    queue.bereave(death);
  };
  const during = (): string => (queue.doing ? ` during ${queue.doing}` : "");
  const again = "Compile again to start a fresh one.";
  worker.onmessage = ({ data }: MessageEvent<FromChild>) => queue.receive(data);
  worker.onerror = (event) => {
    event.preventDefault();
    const why = event.message || "its script cannot be loaded";
    const memory = /memory|allocat/i.test(why);
    end(new EngineDied(memory ? "memory" : "crashed", `engine: its worker died${during()}: ${why}. ${again}`));
  };
  return {
    get died() {
      return queue.died;
    },
    call: queue.call,
    async kill() {
      if (!queue.died) end(new EngineDied("killed", `engine: stopped${during()}, as asked. ${again}`));
    },
  };
}

/** Tensors that are views of something larger are copied: a message carries the whole buffer of whatever is in it. */
function compact(message: ToChild): ToChild {
  const own = <T extends object>(tensors: T): T =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, t]) => {
        const whole = t.data.byteLength === t.data.buffer.byteLength || size(t.shape) === 0;
        return [name, whole ? t : { ...t, data: t.data.slice() }];
      }),
    ) as T;
  if (message.kind === "tensor")
    return { ...message, content: { ...message.content, ...own({ tensor: message.content.tensor }) } };
  if (message.kind !== "run") return message;
  const { inputs, params, program } = message.content;
  return { kind: "run", content: { program, inputs: own(inputs), params: params && own(params) } };
}
