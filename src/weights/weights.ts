// Weights: named tensors, read lazily, and the functions that wrap one Weights into another.
import { bytesPer, type FloatDType, isFloat, toFloat } from "../tensor/dtype.ts";
import { type AnyTensor, type DType, type Shape, sameShape, showShape, size } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";

/** Where the raw little-endian bytes of a tensor lie: what a runtime needs to map them without reading them. */
export interface FileRange {
  /** Absolute, with every symbolic link resolved. */
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** What is known of a tensor before it is read. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Absent when the tensor exists only in memory or is computed when read. */
  readonly file?: FileRange;
}

/** Named tensors. Looking costs nothing; only `read` moves data. */
export interface Weights {
  names(): readonly string[];
  /** Undefined when there is no tensor of this name. */
  info(name: string): TensorInfo | undefined;
  /** @throws ModelError `missing` when there is no tensor of this name. */
  read(name: string): Promise<AnyTensor>;
}

/** Tensors in memory as Weights, not copied. */
export function fromTensors(tensors: Readonly<Record<string, AnyTensor>>): Weights {
  const all = new Map(Object.entries(tensors));
  for (const [name, t] of all)
    if (t.data.length !== size(t.shape))
      throw new RangeError(
        `weights: ${name} ${showShape(t.shape)} wants ${size(t.shape)} values; ${t.data.length} were given`,
      );
  return {
    names: () => [...all.keys()],
    info: (name) => {
      const t = all.get(name);
      return t && { dtype: t.dtype, shape: t.shape };
    },
    read: async (name) => all.get(name) ?? absent(name),
  };
}

/**
 * The same tensors under other names. `rename` gives each tensor its new name, or undefined to leave it out.
 * @throws ModelError `corrupt` when two tensors would get one name.
 */
export function renamed(weights: Weights, rename: (name: string) => string | undefined): Weights {
  const old = new Map<string, string>();
  for (const name of weights.names()) {
    const next = rename(name);
    if (next === undefined) continue;
    const other = old.get(next);
    if (other !== undefined)
      throw new ModelError("corrupt", `weights: ${other} and ${name} would both be renamed to ${next}`);
    old.set(next, name);
  }
  return {
    names: () => [...old.keys()],
    info: (name) => {
      const source = old.get(name);
      return source === undefined ? undefined : weights.info(source);
    },
    read: async (name) => weights.read(old.get(name) ?? absent(name)),
  };
}

/** Every tensor with `prefix` in front of its name. */
export const prefixed = (weights: Weights, prefix: string): Weights => renamed(weights, (name) => prefix + name);

/** The tensors whose names start with `prefix`, without it: the part of a single-file checkpoint that is one network. */
export const under = (weights: Weights, prefix: string): Weights =>
  renamed(weights, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined));

/**
 * Several Weights as one, as the shards of a model are.
 * @throws ModelError `corrupt` when two of them hold a tensor of one name.
 */
export function merged(...parts: readonly Weights[]): Weights {
  const home = new Map<string, Weights>();
  for (const part of parts)
    for (const name of part.names()) {
      if (home.has(name)) throw new ModelError("corrupt", `weights: ${name} is in more than one of the merged parts`);
      home.set(name, part);
    }
  return {
    names: () => [...home.keys()],
    info: (name) => home.get(name)?.info(name),
    read: async (name) => (home.get(name) ?? absent(name)).read(name),
  };
}

/** The same tensors with every floating one in `dtype`, converted when read; integers stay as they are. */
export function cast(weights: Weights, dtype: FloatDType): Weights {
  return {
    names: () => weights.names(),
    info: (name) => {
      const info = weights.info(name);
      return !info || info.dtype === dtype || !isFloat(info.dtype) ? info : { dtype, shape: info.shape };
    },
    read: async (name) => {
      const t = await weights.read(name);
      return isFloat(t.dtype) ? toFloat(t, dtype) : t;
    },
  };
}

/** All tensors at once, by name. */
export async function readAll(weights: Weights): Promise<Record<string, AnyTensor>> {
  const all: Record<string, AnyTensor> = Object.create(null);
  for (const name of weights.names()) all[name] = await weights.read(name);
  return all;
}

/** The bytes all tensors together take as they are stored. */
export const byteSize = (weights: Weights): number =>
  weights.names().reduce((sum, name) => {
    const info = weights.info(name);
    return sum + (info ? size(info.shape) * bytesPer[info.dtype] : 0);
  }, 0);

/** A tensor a network needs. */
export interface Wanted {
  readonly name: string;
  readonly shape: Shape;
}

const shownProblems = 8;

/**
 * Whether the weights have every tensor that `who` wants, in its shape, of real numbers; returns the names that nobody wants.
 * @param who the network, as it should be called in the error: "unet".
 * @throws ModelError `mismatch` with one line for each missing or mis-shaped tensor (the first eight, then a count).
 */
export function check(weights: Weights, wanted: Iterable<Wanted>, who = "the model"): string[] {
  const unused = new Set(weights.names());
  const problems: string[] = [];
  for (const { name, shape } of wanted) {
    unused.delete(name);
    const info = weights.info(name);
    if (info && sameShape(info.shape, shape) && isFloat(info.dtype)) continue;
    problems.push(`weights: ${who} wants ${name} ${showShape(shape)}; ${whatIsThere(info, shape)}`);
  }
  if (problems.length > 0) {
    const more = problems.length - shownProblems;
    const lines = problems.slice(0, shownProblems);
    if (more > 0) lines.push(`… and ${more} more like ${more === 1 ? "it" : "these"}`);
    throw new ModelError("mismatch", lines.join("\n"));
  }
  return [...unused];
}

function whatIsThere(info: TensorInfo | undefined, shape: Shape): string {
  if (!info) return "the file has no such tensor.";
  if (!sameShape(info.shape, shape)) return `the file has ${showShape(info.shape)} there.`;
  return `the file has whole numbers (${info.dtype}) there: quantised weights are not read.`;
}

function absent(name: string): never {
  throw new ModelError("missing", `weights: there is no tensor named ${name}`);
}
