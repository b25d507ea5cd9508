// dreamgrain/worker: the script of the worker that `inWorker` starts: a host without files.
import type { AnyTensor } from "../tensor/tensor.ts";
import { host } from "./host.ts";
import type { FromChild, ToChild } from "./isolated-protocol.ts";
import { RuntimeError } from "./runtime.ts";

const handle = host({
  async start(engine) {
    if (engine.name === "ort-web") return (await import("./ort-web.ts")).ortWeb(engine.options);
    if (engine.name === "reference") return (await import("./reference.ts")).referenceRuntime();
    throw new RuntimeError(`inWorker: ${engine.name} needs Node; a worker hosts ort-web or reference`);
  },
  read: async (info) => {
    throw new RuntimeError(`inWorker: ${info.file.path} is on a disk, which a browser cannot read`);
  },
  say: (message) => self.postMessage(message, { transfer: buffersOf(message) }),
  memory: () => 0,
});

self.onmessage = ({ data }: MessageEvent<ToChild>) => handle(data);

/** Results are handed over, not copied: nobody here has a use for them any more. */
function buffersOf(message: FromChild): ArrayBufferLike[] {
  if (!("answer" in message) || typeof message.answer !== "object") return [];
  return [...new Set(Object.values<AnyTensor>(message.answer).map(({ data }) => data.buffer))];
}
