// protobuf: the little of Protocol Buffers' wire format that an ONNX file needs, as nested lists of bytes.

/** Bytes of one or more fields, not yet joined. */
export type Field = readonly Uint8Array[];

const utf8 = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}

const tag = (field: number, wire: number): Uint8Array => varint((field << 3) | wire);
const length = (parts: Field): number => parts.reduce((n, p) => n + p.length, 0);

/** An integer field (int32, int64, enum, bool). */
export const int = (field: number, value: number | bigint): Field => [tag(field, 0), varint(value)];

/** A float32 field. */
export const float = (field: number, value: number): Field => [
  tag(field, 5),
  new Uint8Array(Float32Array.of(value).buffer),
];

/** A length-delimited field from its content, which may be long. */
const delimited = (field: number, content: Field): Field => [tag(field, 2), varint(length(content)), ...content];

/** Raw bytes. */
export const bytes = (field: number, content: Uint8Array): Field => delimited(field, [content]);

export const string = (field: number, value: string): Field => bytes(field, utf8.encode(value));

/** A message field. */
export const message = (field: number, ...fields: Field[]): Field => delimited(field, fields.flat());

/** Fields joined into one buffer. */
export function join(fields: Field): Uint8Array {
  const out = new Uint8Array(length(fields));
  let at = 0;
  for (const f of fields) {
    out.set(f, at);
    at += f.length;
  }
  return out;
}
