// The header of a .safetensors file: read strictly, written as the reference implementation writes it. Bytes only, no files.
import { bytesPer } from "../tensor/dtype.ts";
import { type DType, type Shape, showShape, size } from "../tensor/tensor.ts";
import { readJson } from "./json-bytes.ts";
import { ModelError } from "./model-error.ts";
import { whatIsIt } from "./not-safetensors.ts";

/** Bits per element of every dtype the format knows (huggingface/safetensors, tensor.rs). */
const bits: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
  ...{ F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32 },
  ...{ C64: 64, F64: 64, I64: 64, U64: 64 },
};

/** Our dtypes as the format spells them, in the order the reference sorts them when it writes: widest first. */
const spelling: Readonly<Record<DType, string>> = {
  ...{ i64: "I64", f64: "F64", f32: "F32", i32: "I32", bf16: "BF16", f16: "F16", u8: "U8" },
};
const rank = Object.keys(spelling);
const readable = new Map(Object.entries(spelling).map(([ours, theirs]) => [theirs, ours as DType]));

/** One tensor as the header lists it. */
export interface HeaderEntry {
  /** As the file spells it: "F16". */
  readonly stored: string;
  /** Ours, when there is one; a file may hold others (F8_E4M3, BOOL), which can be listed but not read. */
  readonly dtype: DType | undefined;
  readonly shape: Shape;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their data. */
  readonly entries: ReadonlyMap<string, HeaderEntry>;
}

/** How much of a header is read before the file is refused; what real models need is far below. */
export interface HeaderLimits {
  /** Bytes; 16 MiB unless told, never more than the format's own 100,000,000. SD XL's takes 0.3 MB. */
  readonly headerBytes?: number;
  /** 20,000 unless told: a hostile header then costs tenths of a second at worst. SD XL has 2,515. */
  readonly tensors?: number;
}

/** What to do about a broken file. */
const ANEW = "Download it again.";

const formatLimit = 100_000_000;
const maxRank = 8;

/** Texts of `__metadata__`; trainers write two hundred at most. */
const maxTexts = 1000;

/** How many bytes from the start of a file `headerSize` wants to see. */
export const peekBytes = 512;

/**
 * The bytes the JSON of the header takes, from the first `peekBytes` of a file.
 * @param fileSize bytes of the whole file.
 * @param where the file as errors should call it.
 * @throws ModelError `not-safetensors` or `corrupt`, saying what the file looks like instead where that can be told.
 */
export function headerSize(start: Uint8Array, fileSize: number, where: string, limits: HeaderLimits = {}): number {
  const refuse = (problem: string): never => {
    const other = whatIsIt(start, fileSize);
    throw other
      ? new ModelError("not-safetensors", `safetensors: ${where} ${other}`)
      : new ModelError("corrupt", `safetensors: ${where} ${problem}`);
  };
  if (fileSize < 8 || start.length < 8) return refuse(`has ${fileSize} bytes; even an empty model has 10. ${ANEW}`);
  const claimed = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  const length = Number(claimed);
  if (length > fileSize - 8)
    refuse(
      `says its header takes ${claimed} bytes, but only ${fileSize - 8} follow: it is truncated or no safetensors. ${ANEW}`,
    );
  const limit = Math.min(limits.headerBytes ?? 16 * 2 ** 20, formatLimit);
  if (length > limit) refuse(`has a header of ${length} bytes; at most ${limit} are read.`);
  if (length < 2 || start[8] !== 0x7b)
    refuse(`has a header that does not start with "{": it is no safetensors file. ${ANEW}`);
  return length;
}

/**
 * The header from its JSON bytes. Every tensor must have a known dtype and end where its shape says; together they must
 * cover the data exactly, without hole or overlap; no key may appear twice.
 * @throws ModelError `corrupt`
 */
export function parseHeader(
  json: Uint8Array,
  fileSize: number,
  where: string,
  limits: HeaderLimits = {},
): SafetensorsHeader {
  const fail = (problem: string): never => {
    throw new ModelError("corrupt", `safetensors: ${where} is broken: the header ${problem}. ${ANEW}`);
  };
  const dataStart = 8 + json.length;
  const dataBytes = fileSize - dataStart;
  const maxTensors = limits.tensors ?? 20_000;
  const metadata: Record<string, string> = Object.create(null);
  const found: [name: string, entry: HeaderEntry][] = [];
  let claimed = 0;

  const cursor = readJson(json, fail);
  cursor.object((name) => {
    if (name === "__metadata__") {
      let texts = 0;
      cursor.object((key) => {
        if (texts++ === maxTexts) fail(`has more than ${maxTexts} texts in its __metadata__`);
        metadata[key] = cursor.string();
      });
      return;
    }
    if (found.length === maxTensors) fail(`lists more than ${maxTensors} tensors, the most that are read`);
    let stored: string | undefined;
    let shape: number[] | undefined;
    let ends: number[] | undefined;
    cursor.object((key) => {
      if (key === "dtype") stored = cursor.string();
      else if (key === "shape") shape = integers(maxRank, "dimensions");
      else if (key === "data_offsets") ends = integers(2, "offsets");
      else fail(`has the unknown field ${quoted(key)} for ${quoted(name)}`);
    });
    if (stored === undefined || shape === undefined || ends?.length !== 2)
      return fail(`lacks dtype, shape or both data_offsets for ${quoted(name)}`);
    const [begin, end] = ends;
    const width = Object.hasOwn(bits, stored)
      ? bits[stored]
      : fail(`gives ${quoted(name)} the unknown dtype ${stored}`);
    const dims = shape;
    const wanted = (size(dims) * width) / 8;
    const what = () => `${quoted(name)} ${stored} ${showShape(dims)}`;
    if (!Number.isSafeInteger(wanted)) fail(`gives ${what()}, which is no whole number of bytes below 2^53`);
    if (end - begin !== wanted) fail(`gives ${what()}, which takes ${wanted} bytes, the offsets ${begin} to ${end}`);
    if (end > dataBytes) fail(`puts ${what()} at bytes ${begin} to ${end} of data that end at ${dataBytes}: truncated`);
    claimed += wanted;
    if (claimed > dataBytes)
      fail(`lists tensors that overlap: up to ${what()} they take more than the ${dataBytes} bytes there are`);
    found.push([name, { stored, dtype: readable.get(stored), shape, offset: dataStart + begin, length: wanted }]);
  });
  cursor.end();

  function integers(most: number, what: string): number[] {
    const list: number[] = [];
    cursor.array(() => {
      if (list.length === most) fail(`has more than ${most} ${what} for a tensor`);
      list.push(cursor.integer());
    });
    return list;
  }

  found.sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let at = dataStart;
  for (const [name, { offset, length }] of found) {
    if (offset !== at)
      fail(
        `${offset > at ? `leaves ${offset - at} unused bytes before` : "overlaps another tensor with"} ${quoted(name)}`,
      );
    at += length;
  }
  if (at !== fileSize) fail(`accounts for ${at} bytes of a file of ${fileSize}`);
  return { metadata, entries: new Map(found) };
}

const quoted = (name: string): string => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);

/** What the header of a new file says, and in which order the data must follow it. */
export interface NewHeader {
  /** The first bytes of the file: length, JSON, spaces up to a multiple of eight. */
  readonly bytes: Uint8Array;
  readonly order: readonly string[];
}

/**
 * The header for these tensors, byte for byte as the reference implementation writes it: wide dtypes first, then by name,
 * so that all data are aligned.
 */
export function encodeHeader(
  tensors: readonly { readonly name: string; readonly dtype: DType; readonly shape: Shape }[],
  metadata: Readonly<Record<string, string>> = {},
): NewHeader {
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...tensors].sort((a, b) => rank.indexOf(a.dtype) - rank.indexOf(b.dtype) || byName(a.name, b.name));
  const parts: string[] = [];
  if (Object.keys(metadata).length > 0) parts.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let at = 0;
  for (const { name, dtype, shape } of sorted) {
    if (name === "__metadata__") throw new RangeError('safetensors: no tensor may be named "__metadata__"');
    const end = at + size(shape) * bytesPer[dtype];
    const entry = { dtype: spelling[dtype], shape, data_offsets: [at, end] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    at = end;
  }
  const json = new TextEncoder().encode(`{${parts.join(",")}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return { bytes, order: sorted.map(({ name }) => name) };
}
