// Views: tensors seen through others, in part, joined, transposed or under another shape, as file formats store them differently.
import { bytesPer } from "../tensor/dtype.ts";
import { type AnyTensor, type Shape, showShape, size } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";
import type { TensorInfo, Weights } from "./weights.ts";

/** How one tensor is made from others; what is not said is left as it is. */
export interface View {
  /** The tensor it is made from, or several that are joined along their first axis, in order. */
  readonly of: string | readonly string[];
  /** One of several equal parts of the first axis. */
  readonly part?: readonly [index: number, of: number];
  /** Matrices: rows become columns. */
  readonly transposed?: true;
  /** The same numbers as a matrix, or as the kernel of a 1×1 convolution. */
  readonly as?: "matrix" | "kernel";
}

/**
 * Weights whose tensors are views, by name; a view of tensors that are not there is not there either. A view that needs no
 * computing still says where in the file its bytes lie, so that a runtime can map them.
 */
export function viewed(weights: Weights, views: ReadonlyMap<string, View>): Weights {
  const sources = ({ of }: View): readonly string[] => (typeof of === "string" ? [of] : of);
  const names = [...views.keys()].filter((name) =>
    sources(views.get(name)!).every((source) => weights.info(source) !== undefined),
  );
  const present = new Set(names);

  const info = (name: string): TensorInfo | undefined => {
    if (!present.has(name)) return undefined;
    const view = views.get(name)!;
    const parts = sources(view).map((source) => weights.info(source)!);
    const [{ dtype, file }] = parts;
    const shape = shapeOf(name, view, parts);
    if (parts.length > 1 || view.transposed || !file) return { dtype, shape };
    const length = size(shape) * bytesPer[dtype];
    return { dtype, shape, file: { ...file, offset: file.offset + (view.part?.[0] ?? 0) * length, length } };
  };

  return {
    names: () => names,
    info,
    async read(name) {
      const made = info(name);
      if (!made) throw new ModelError("missing", `weights: there is no tensor named ${name}`);
      const view = views.get(name)!;
      const parts: AnyTensor[] = [];
      for (const source of sources(view)) parts.push(await weights.read(source));
      const whole = parts.length === 1 ? parts[0].data : joined(parts);
      const count = size(made.shape);
      const part = view.part ? whole.subarray(view.part[0] * count, (view.part[0] + 1) * count) : whole;
      const data = view.transposed ? transposed(part, made.shape) : part;
      return { dtype: made.dtype, shape: made.shape, data } as AnyTensor;
    },
  };
}

/** The same correspondence read backwards: what the sources look like, seen through the views. */
export function inverted(views: ReadonlyMap<string, View>): Map<string, View> {
  const parts = new Map<string, string[]>();
  const back = new Map<string, View>();
  for (const [name, { of, part, transposed, as }] of views) {
    if (typeof of !== "string") throw new TypeError(`inverted: ${name} is joined from several tensors`);
    if (part) {
      const all = parts.get(of) ?? [];
      all[part[0]] = name;
      parts.set(of, all);
      back.set(of, { of: all });
    } else
      back.set(of, {
        of: name,
        ...(transposed && { transposed }),
        ...(as && { as: as === "matrix" ? "kernel" : "matrix" }),
      });
  }
  return back;
}

function shapeOf(name: string, view: View, parts: readonly TensorInfo[]): Shape {
  const [{ dtype, shape: first }] = parts;
  const refuse = (wanted: string): never => {
    throw new ModelError(
      "mismatch",
      `weights: ${name} is made from ${[view.of].flat().join(", ")}, ${parts.map((p) => `${p.dtype} ${showShape(p.shape)}`).join(", ")}; expected ${wanted}`,
    );
  };
  const alike = (p: TensorInfo): boolean => p.dtype === dtype && p.shape.slice(1).join() === first.slice(1).join();
  if (!parts.every(alike)) return refuse("tensors of one dtype that differ in their first axis alone");
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0) / (view.part?.[1] ?? 1);
  if ((view.part || parts.length > 1) && !(first.length > 0 && Number.isInteger(rows)))
    return refuse(`a first axis that splits into ${view.part?.[1]} parts`);
  const shape = view.part || parts.length > 1 ? [rows, ...first.slice(1)] : first;
  if (view.transposed) return shape.length === 2 ? [shape[1], shape[0]] : refuse("a matrix");
  if (view.as === "matrix")
    return shape.length === 2 || (shape.length === 4 && shape[2] === 1 && shape[3] === 1)
      ? shape.slice(0, 2)
      : refuse("a matrix or a 1×1 kernel");
  if (view.as === "kernel") return shape.length === 2 ? [...shape, 1, 1] : refuse("a matrix");
  return shape;
}

function joined(parts: readonly AnyTensor[]): AnyTensor["data"] {
  const [{ data: first }] = parts;
  const Data = first.constructor as new (length: number) => Float32Array;
  const out = new Data(parts.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of parts) {
    out.set(data as Float32Array, at);
    at += data.length;
  }
  return out;
}

/** @param shape of the result */
function transposed(data: AnyTensor["data"], [rows, columns]: Shape): AnyTensor["data"] {
  const out = data.slice();
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[r * columns + c] = data[c * rows + r];
  return out;
}
