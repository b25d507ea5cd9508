// .safetensors from bytes or a Blob, and back to bytes. No files: those are in `safetensors-file.ts`.
import { bytesPer } from "../tensor/dtype.ts";
import { type AnyTensor, type DType, type DTypes, type Shape, size } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";
import {
  encodeHeader,
  type HeaderLimits,
  headerSize,
  parseHeader,
  peekBytes,
  type SafetensorsHeader,
} from "./safetensors-header.ts";
import { fromTensors, type Weights } from "./weights.ts";

/** A .safetensors as Weights, with what its header says besides. */
export interface Safetensors extends Weights {
  /** The free text of `__metadata__`: `modelspec.*`, `ss_*` and the like. An object without a prototype. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Every tensor as the file lists it, those in dtypes that cannot be read (F8_E4M3, BOOL) included. */
  readonly entries: SafetensorsHeader["entries"];
}

/** A .safetensors that lies somewhere: on a disk, whose tensors then say where in the file they lie, or on the web. */
export interface SafetensorsFile extends Safetensors {
  /** Absolute, with every symbolic link resolved; an address on the web. */
  readonly path: string;
  /** Bytes. */
  readonly fileSize: number;
}

export interface ParseOptions extends HeaderLimits {
  /** What errors call the file; "the file" unless told. */
  readonly where?: string;
}

/**
 * A .safetensors in memory or behind a Blob. Only the header is read now. From bytes, aligned tensors are views.
 * @throws ModelError `not-safetensors` or `corrupt`
 */
export async function parseSafetensors(source: Uint8Array | Blob, options: ParseOptions = {}): Promise<Safetensors> {
  const where = options.where ?? "the file";
  const total = source instanceof Blob ? source.size : source.length;
  const bytesAt = async (from: number, to: number): Promise<Uint8Array> =>
    source instanceof Blob ? new Uint8Array(await source.slice(from, to).arrayBuffer()) : source.subarray(from, to);
  const length = headerSize(await bytesAt(0, Math.min(peekBytes, total)), total, where, options);
  const header = parseHeader(await bytesAt(8, 8 + length), total, where, options);
  return asWeights(header, where, (offset, bytes) => bytesAt(offset, offset + bytes));
}

/**
 * A parsed header as Weights over something that yields bytes.
 * @param path the absolute path of the file, when a runtime may map it.
 */
export function asWeights(
  header: SafetensorsHeader,
  where: string,
  bytesAt: (offset: number, length: number) => Promise<Uint8Array>,
  path?: string,
): Safetensors {
  const { metadata, entries } = header;
  const readable = [...entries].filter(([, entry]) => entry.dtype).map(([name]) => name);
  const find = (name: string) => {
    const entry = entries.get(name);
    if (!entry) return undefined;
    const { dtype, shape, offset, length } = entry;
    if (!dtype)
      throw new ModelError(
        "unsupported",
        `safetensors: ${where} stores ${name} as ${entry.stored}, which cannot be read. Look for the model in F16, BF16 or F32.`,
      );
    return { dtype, shape, offset, length };
  };
  return {
    metadata,
    entries,
    names: () => readable,
    info: (name) => {
      const entry = find(name);
      if (!entry) return undefined;
      const { dtype, shape, offset, length } = entry;
      return path === undefined ? { dtype, shape } : { dtype, shape, file: { path, offset, length } };
    },
    read: async (name) => {
      const entry = find(name);
      if (!entry) throw new ModelError("missing", `safetensors: ${where} has no tensor named ${name}`);
      return fromBytes(entry.dtype, entry.shape, await bytesAt(entry.offset, entry.length));
    },
  };
}

/** A .safetensors in memory, byte for byte as the reference implementation writes it. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, AnyTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  fromTensors(tensors); // refuses data that do not fit their shape
  const all = Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const { bytes, order } = encodeHeader(all, metadata);
  const data = order.map((name) => toBytes(tensors[name]));
  const file = new Uint8Array(data.reduce((sum, part) => sum + part.length, bytes.length));
  let at = 0;
  for (const part of [bytes, ...data]) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** The bytes of a tensor as they lie in memory: little-endian on every machine that runs JavaScript engines today. */
export const toBytes = ({ data }: AnyTensor): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const arrays: { readonly [D in DType]: new (buffer: ArrayBufferLike, offset: number, length: number) => DTypes[D] } = {
  ...{ f64: Float64Array, f32: Float32Array, f16: Uint16Array, bf16: Uint16Array },
  ...{ i64: BigInt64Array, i32: Int32Array, u8: Uint8Array },
};

/** A tensor over these bytes: a view when they are aligned for the dtype, otherwise a copy. */
export function fromBytes(dtype: DType, shape: Shape, bytes: Uint8Array): AnyTensor {
  const aligned = bytes.byteOffset % bytesPer[dtype] === 0 ? bytes : bytes.slice();
  const data = new arrays[dtype](aligned.buffer, aligned.byteOffset, size(shape));
  // `arrays` pairs each dtype with its own storage; the compiler cannot follow that pairing through the union.
  return { dtype, shape, data } as AnyTensor;
}
