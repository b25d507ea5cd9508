// What a hosted runtime and its engine, in a child process or a worker, say to each other: one request, one answer, notes between.
import type { GraphData } from "../graph/serial.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { TensorInfo } from "../weights/weights.ts";
import type { OrtNodeOptions } from "./ort-node.ts";
import type { OrtWebOptions } from "./ort-web.ts";

/** The runtimes that can be hosted, and what each is made with. */
export interface Engines {
  "ort-node": OrtNodeOptions;
  "ort-web": OrtWebOptions;
  reference: Record<never, never>;
}

/** Which runtime is hosted: in a child process Node's, in a worker the browser's. */
export type Engine<Name extends keyof Engines = keyof Engines> = {
  [K in Name]: { readonly name: K; readonly options?: Engines[K] };
}[Name];

/** The requests: what each carries and what answers it. */
export interface Requests {
  /** Make the runtime; the first request. Answered by what it calls itself. */
  start: { send: { readonly engine: Engine }; answer: string };
  /** A weight that is in no file, sent ahead of the program that wants it. */
  tensor: { send: { readonly program: number; readonly name: string; readonly tensor: AnyTensor }; answer: undefined };
  compile: {
    send: {
      readonly program: number;
      readonly graph: GraphData;
      /** Weights in files; with those sent ahead they are all. Undefined: every run brings its own. */
      readonly files: Readonly<Record<string, Required<TensorInfo>>> | undefined;
      readonly repack: boolean;
    };
    answer: undefined;
  };
  run: {
    send: {
      readonly program: number;
      readonly inputs: Readonly<Record<string, AnyTensor>>;
      readonly params: Readonly<Record<string, Tensor>> | undefined;
    };
    answer: Record<string, Tensor>;
  };
  release: { send: { readonly program: number }; answer: undefined };
}
export type Kind = keyof Requests;

/** What the engine is doing; it cannot speak in the middle of a run, which blocks its thread. */
export interface Progress {
  readonly phase: Kind;
  /** False as it begins, true as it ends, in success or not. */
  readonly done: boolean;
  /** Seconds since it began. */
  readonly seconds: number;
  /** Bytes of memory that a child process holds (resident set size); 0 where that cannot be known. */
  readonly memory: number;
}

export type ToChild = { [K in Kind]: { readonly kind: K; readonly content: Requests[K]["send"] } }[Kind];

/** An error as plain data. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
}

export type FromChild =
  | { readonly progress: Progress }
  | { readonly answer: Requests[Kind]["answer"] }
  | { readonly error: ErrorData };
