// model: ONNX messages (ModelProto, NodeProto, TensorProto …) as functions that write them. Field numbers: onnx.proto3.
import type { DType } from "../tensor/tensor.ts";
import { bytes, type Field, float, int, join, message, string } from "./protobuf.ts";

const TENSOR_TYPE: Readonly<Record<DType, number>> = { f32: 1, u8: 2, i32: 6, i64: 7, f16: 10, f64: 11, bf16: 16 };
const OPSET = 20;
const IR_VERSION = 10;

export type Attribute = number | string | readonly number[] | { readonly float: number };

/** Where a stored tensor lies: bytes `offset`…`offset+length` of a file, `location` being relative to the session's folder. */
export interface External {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

function attribute(name: string, value: Attribute): Field {
  const [type, content] =
    typeof value === "number"
      ? [2, int(3, value)]
      : typeof value === "string"
        ? [3, string(4, value)]
        : "float" in value
          ? [1, float(2, value.float)]
          : [7, value.flatMap((v) => int(8, v))];
  return message(5, string(1, name), content, int(20, type));
}

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = "",
): Field {
  return message(
    1,
    ...inputs.map((i) => string(1, i)),
    ...outputs.map((o) => string(2, o)),
    string(3, outputs[0]),
    string(4, op),
    ...Object.entries(attributes).map(([k, v]) => attribute(k, v)),
    domain ? string(7, domain) : [],
  );
}

/** A constant, with its bytes inside the model. */
export const initializer = (name: string, dtype: DType, shape: readonly number[], data: ArrayBufferView): Field =>
  message(
    5,
    ...shape.map((d) => int(1, d)),
    int(2, TENSOR_TYPE[dtype]),
    string(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );

/** A constant whose bytes stay in another file. */
export const external = (name: string, dtype: DType, shape: readonly number[], at: External): Field =>
  message(
    5,
    ...shape.map((d) => int(1, d)),
    int(2, TENSOR_TYPE[dtype]),
    string(8, name),
    ...Object.entries(at).map(([key, value]) => message(13, string(1, key), string(2, `${value}`))),
    int(14, 1),
  );

function valueInfo(field: number, name: string, dtype: DType, shape: readonly number[], first?: "open"): Field {
  const dims = shape.map((d, axis) => message(1, axis === 0 && first === "open" ? [] : int(1, d)));
  const type = message(1, int(1, TENSOR_TYPE[dtype]), message(2, ...dims));
  return message(field, string(1, name), message(2, type));
}

/** @param first "open" when the length of the first axis is not said */
export const graphInput = (name: string, dtype: DType, shape: readonly number[], first?: "open"): Field =>
  valueInfo(11, name, dtype, shape, first);
export const graphOutput = (name: string, dtype: DType, shape: readonly number[]): Field =>
  valueInfo(12, name, dtype, shape);

/** A whole ONNX file from the fields of its graph. */
export const model = (graph: readonly Field[]): Uint8Array =>
  join([
    ...int(1, IR_VERSION),
    ...string(2, "dreamgrain"),
    ...message(7, string(2, "graph"), graph.flat()),
    ...message(8, string(1, ""), int(2, OPSET)),
    ...message(8, string(1, "com.microsoft"), int(2, 1)),
  ]);
