// The safetensors header and codec: known bytes, random round trips, and files broken in every way we know of.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnyTensor, DType } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";
import { encodeSafetensors, parseSafetensors, toBytes } from "./safetensors.ts";
import { readAll } from "./weights.ts";

/** A file from header text and data, its length field honest unless told. */
function file(header: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): Uint8Array<ArrayBuffer> {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}
const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const entry = (dtype: string, shape: number[], begin: number, end: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

async function refused(bytes: Uint8Array): Promise<{ code: string; message: string }> {
  try {
    await parseSafetensors(bytes, { where: "a.safetensors" });
  } catch (error) {
    if (error instanceof ModelError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("was accepted");
}

test("bytes as the reference implementation writes them", async () => {
  // safetensors 0.5 (Python): save({"b": f16 [2], "a": f32 [1,2], "c": f32 []}, metadata={"format": "pt"})
  const header =
    '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
    '"c":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"b":{"dtype":"F16","shape":[2],"data_offsets":[12,16]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const data = Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0x40, 0x40, 0, 0x3c, 1, 0);
  const tensors: Record<string, AnyTensor> = {
    b: { dtype: "f16", shape: [2], data: Uint16Array.of(0x3c00, 1) },
    a: { dtype: "f32", shape: [1, 2], data: Float32Array.of(1, -2) },
    c: { dtype: "f32", shape: [], data: Float32Array.of(3) },
  };
  const written = encodeSafetensors(tensors, { format: "pt" });
  expect(Buffer.from(written)).toEqual(Buffer.from(file(padded, data)));
  const read = await parseSafetensors(written);
  expect(read.metadata).toEqual({ format: "pt" });
  expect(read.names()).toEqual(["a", "c", "b"]);
  expect(await readAll(read)).toEqual(tensors);
});

const someTensor: fc.Arbitrary<AnyTensor> = fc
  .tuple(
    fc.constantFrom<DType>("f64", "f32", "f16", "bf16", "i64", "i32", "u8"),
    fc.array(fc.nat(3), { maxLength: 4 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([dtype, shape, stream]) => {
    const width = { f64: 8, f32: 4, f16: 2, bf16: 2, i64: 8, i32: 4, u8: 1 }[dtype];
    const bytes = Uint8Array.from(stream.take(shape.reduce((n, d) => n * d, 1) * width));
    const array = { f64: Float64Array, f32: Float32Array, f16: Uint16Array, bf16: Uint16Array };
    const ints = { i64: BigInt64Array, i32: Int32Array, u8: Uint8Array };
    return { dtype, shape, data: new { ...array, ...ints }[dtype](bytes.buffer) } as AnyTensor;
  });
const someName = fc.string({ unit: "binary", minLength: 0, maxLength: 12 }).filter((name) => name !== "__metadata__");

test("what is written is read back, from bytes at any alignment and from a Blob", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(someName, someTensor, { maxKeys: 6 }),
      fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), { maxKeys: 4 }),
      fc.nat(7),
      async (tensors, metadata, shift) => {
        const bytes = encodeSafetensors(tensors, metadata);
        expect((bytes.length - Object.values(tensors).reduce((n, t) => n + t.data.byteLength, 0)) % 8).toBe(0);
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
        shifted.set(bytes);
        for (const source of [shifted, new Blob([bytes])]) {
          const read = await parseSafetensors(source);
          expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
          expect([...read.names()].sort()).toEqual(Object.keys(tensors).sort());
          for (const name of read.names()) {
            const [t, u] = [await read.read(name), tensors[name]];
            expect([t.dtype, t.shape]).toEqual([u.dtype, u.shape]);
            expect(Buffer.compare(toBytes(t), toBytes(u))).toBe(0);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("the smallest model, spaces anywhere JSON has them, a tensor called __proto__", async () => {
  expect((await parseSafetensors(file("{}"))).names()).toEqual([]);
  const odd = await parseSafetensors(
    file(
      `{ "__proto__" :\n{"shape":[ 1 , 2 ],"data_offsets" : [0,2],"dtype":"U8"}, "\\u00e9\\ud83d\\ude80":${entry("I32", [0, 5], 2, 2)}}  \n`,
      2,
    ),
  );
  expect(odd.names()).toEqual(["__proto__", "é🚀"]);
  expect(odd.info("é🚀")).toEqual({ dtype: "i32", shape: [0, 5] });
  expect(odd.info("toString")).toBeUndefined();
  expect(({} as Record<string, unknown>).shape).toBeUndefined();
});

test("dtypes we have no tensor for are listed, sized and refused only when wanted", async () => {
  const f8 = await parseSafetensors(file(`{"x":${entry("F8_E4M3", [2, 2], 0, 4)},"y":${entry("U8", [1], 4, 5)}}`, 5));
  expect(f8.names()).toEqual(["y"]);
  expect(f8.entries.get("x")).toMatchObject({ stored: "F8_E4M3", dtype: undefined, shape: [2, 2], length: 4 });
  expect(() => f8.info("x")).toThrow(/the file stores x as F8_E4M3, which cannot be read/);
  await expect(f8.read("x")).rejects.toThrow(ModelError);
  await expect(f8.read("z")).rejects.toThrow("has no tensor named z");
});

describe("broken files are refused", () => {
  const ok = entry("F32", [2], 0, 8);
  const sound = encodeSafetensors({ a: { dtype: "f32", shape: [2, 3], data: new Float32Array(6) } });
  const cases: [name: string, bytes: Uint8Array, code: string, message: RegExp][] = [
    ["too short", Uint8Array.of(1, 2, 3), "corrupt", /has 3 bytes/],
    [
      "truncated data",
      sound.subarray(0, sound.length - 4),
      "corrupt",
      /"a" F32 \[2,3\] at bytes 0 to 24 of data that end at 20: truncated/,
    ],
    [
      "truncated header",
      sound.subarray(0, 20),
      "corrupt",
      /header takes \d+ bytes, but only 12 follow: it is truncated/,
    ],
    ["a length beyond the file", file("{}", 4, 2n ** 63n), "corrupt", /header takes 9223372036854775808 bytes/],
    [
      "a length beyond the limit",
      file("{}", 2 ** 24 + 10, 2n ** 24n + 1n),
      "corrupt",
      /header of 16777217 bytes; at most 16777216/,
    ],
    ["a header of nothing", file("", 8), "corrupt", /does not start with "{"/],
    ["a header that starts with a space", file(" {}"), "corrupt", /does not start with "{"/],
    ["unclosed JSON", file(`{"a":${ok}`, 8), "corrupt", /has its end at byte \d+ where "}" should be/],
    ["text after the JSON", file(`{"a":${ok}}x`, 8), "corrupt", /has "x" at byte \d+ where its end should be/],
    ["a trailing comma", file(`{"a":${ok},}`, 8), "corrupt", /has "}" at byte \d+ where "\\?"" should be/],
    ["an unfinished string", file('{"a'), "corrupt", /ends inside the string that starts at byte 2/],
    [
      "a header that is not UTF-8",
      file(latin1(`{"\xff":${ok}}`), 8),
      "corrupt",
      /is not UTF-8 in the string at byte 2/,
    ],
    ["an overlong UTF-8 sequence", file(latin1(`{"\xc0\x80":${ok}}`), 8), "corrupt", /is not UTF-8/],
    ["a bad escape", file(`{"\\x":${ok}}`, 8), "corrupt", /bad escape/],
    ["half a surrogate pair", file(`{"\\ud800":${ok}}`, 8), "corrupt", /half a character/],
    ["a name twice", file(`{"a":${ok},"a":${entry("F32", [2], 8, 16)}}`, 16), "corrupt", /has the key "a" twice/],
    ["a name twice by escapes", file(`{"a":${ok},"\\u0061":${ok}}`, 8), "corrupt", /has the key "a" twice/],
    [
      "a field twice",
      file('{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1),
      "corrupt",
      /the key "dtype" twice/,
    ],
    ["metadata twice", file('{"__metadata__":{},"__metadata__":{}}'), "corrupt", /"__metadata__" twice/],
    ["metadata that is no text", file('{"__metadata__":{"a":1}}'), "corrupt", /has "1" at byte/],
    ["an unknown dtype", file(`{"a":${entry("F33", [2], 0, 8)}}`, 8), "corrupt", /the unknown dtype F33/],
    [
      "a dtype named as a property of objects",
      file(`{"a":${entry("constructor", [2], 0, 8)}}`, 8),
      "corrupt",
      /unknown dtype/,
    ],
    [
      "an unknown field",
      file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":0}}', 1),
      "corrupt",
      /unknown field "x"/,
    ],
    [
      "a field too few",
      file('{"a":{"dtype":"U8","shape":[]}}', 1),
      "corrupt",
      /lacks dtype, shape or both data_offsets/,
    ],
    [
      "offsets that do not fit the shape",
      file(`{"a":${entry("F16", [2, 3], 0, 24)}}`, 24),
      "corrupt",
      /F16 \[2,3\], which takes 12 bytes, the offsets 0 to 24/,
    ],
    ["offsets that go backwards", file(`{"a":${entry("U8", [0], 4, 0)}}`, 4), "corrupt", /the offsets 4 to 0/],
    [
      "a negative offset",
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}'),
      "corrupt",
      /has "-" at byte \d+ where a whole number/,
    ],
    ["a fraction", file('{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', 1), "corrupt", /has "." at byte/],
    ["an exponent", file('{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', 1), "corrupt", /has "e" at byte/],
    ["a leading zero", file('{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}', 1), "corrupt", /a whole number/],
    [
      "a number beyond 2^53",
      file('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,1]}}', 1),
      "corrupt",
      /beyond 2\^53/,
    ],
    [
      "a shape whose product overflows",
      file(`{"a":${entry("F32", [4294967296, 4294967296, 2], 0, 0)}}`),
      "corrupt",
      /no whole number of bytes below 2\^53/,
    ],
    [
      "nine dimensions",
      file(`{"a":${entry("U8", [1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1)}}`, 1),
      "corrupt",
      /more than 8 dimensions/,
    ],
    ["half a byte", file(`{"a":${entry("F4", [3], 0, 2)}}`, 2), "corrupt", /no whole number of bytes/],
    ["two tensors in one place", file(`{"a":${ok},"b":${ok}}`, 8), "corrupt", /overlap: up to "b" F32 \[2\]/],
    [
      "a partial overlap and slack to hide it",
      file(`{"a":${ok},"b":${entry("F32", [2], 4, 12)}}`, 16),
      "corrupt",
      /overlaps another tensor with "b"/,
    ],
    ["a hole", file(`{"a":${ok},"b":${entry("F32", [1], 12, 16)}}`, 16), "corrupt", /leaves 4 unused bytes before "b"/],
    ["a hole at the start", file(`{"a":${entry("U8", [1], 1, 2)}}`, 2), "corrupt", /leaves 1 unused bytes before "a"/],
    ["bytes after the last tensor", file(`{"a":${ok}}`, 9), "corrupt", /accounts for \d+ bytes of a file of/],
    ["an empty file", new Uint8Array(0), "not-safetensors", /is empty/],
    ["a zip", latin1(`PK\x03\x04${"\0".repeat(60)}`), "not-safetensors", /zip: a PyTorch .ckpt/],
    ["a pickle", latin1("\x80\x02}q\x00(X\x0a\x00\x00\x00state_dict"), "not-safetensors", /Python pickle/],
    ["a web page", latin1("\n<!DOCTYPE html><html><title>Sign in</title>"), "not-safetensors", /web page/],
    [
      "a Git LFS pointer",
      latin1("version https://git-lfs.github.com/spec/v1\noid sha256:4d"),
      "not-safetensors",
      /git lfs pull/,
    ],
    ["GGUF", latin1("GGUF\x03\x00\x00\x00\x00\x00\x00\x00"), "not-safetensors", /GGUF/],
    ["JSON", latin1('{"error":"Repository not found"}'), "not-safetensors", /JSON text/],
    ["ONNX", latin1("\x08\x0a\x12\x07pytorch"), "not-safetensors", /ONNX/],
    ["a picture", latin1("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "not-safetensors", /picture/],
  ];
  test.each(cases)("%s", async (_, bytes, code, message) => {
    const error = await refused(bytes);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^safetensors: a\.safetensors /);
    expect(error.message).not.toContain("\n");
    expect(error.code).toBe(code);
  });

  test("any single changed byte of the header is either harmless or refused, never a crash", async () => {
    const bytes = encodeSafetensors(
      {
        a: { dtype: "f32", shape: [2, 3], data: new Float32Array(6) },
        "b.c": { dtype: "u8", shape: [5], data: new Uint8Array(5) },
      },
      { k: "v" },
    );
    for (let at = 0; at < bytes.length - 29; at++)
      for (const flip of [1, 2, 16, 0x20, 0x80, 0xff]) {
        const mutant = bytes.slice();
        mutant[at] ^= flip;
        const opened = await parseSafetensors(mutant).catch((error) => error);
        if (opened instanceof ModelError) continue;
        const names = opened.names();
        const total = names.reduce((n: number, name: string) => n + opened.entries.get(name).length, 0);
        expect(total).toBeLessThanOrEqual(29);
      }
  });

  test("100,000 tensors in one place are refused at the second; more than the limit at the limit", async () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `"tensor.number.${i}":${entry("F32", [64], 0, 256)}`);
    expect((await refused(file(`{${many.join(",")}}`, 256))).message).toMatch(/overlap: up to "tensor.number.1"/);
    const empty = Array.from({ length: 4 }, (_, i) => `"${i}":${entry("F32", [0], 0, 0)}`);
    const bytes = file(`{${empty.join(",")}}`);
    await expect(parseSafetensors(bytes, { tensors: 3 })).rejects.toThrow(/more than 3 tensors/);
    expect((await parseSafetensors(bytes, { tensors: 4 })).names()).toHaveLength(4);
    const texts = (count: number) => file(`{"__metadata__":{${Array.from({ length: count }, (_, i) => `"${i}":""`)}}}`);
    expect((await refused(texts(1001))).message).toMatch(/has more than 1000 texts in its __metadata__/);
    expect(Object.keys((await parseSafetensors(texts(1000))).metadata)).toHaveLength(1000);
    await expect(parseSafetensors(bytes, { headerBytes: 10 })).rejects.toThrow(/at most 10 are read/);
  });
});

test("a tensor whose data do not fit its shape is not written", () => {
  expect(() => encodeSafetensors({ a: { dtype: "u8", shape: [3], data: new Uint8Array(2) } })).toThrow(
    /wants 3 values/,
  );
  expect(() => encodeSafetensors({ __metadata__: { dtype: "u8", shape: [0], data: new Uint8Array(0) } })).toThrow(
    RangeError,
  );
});
