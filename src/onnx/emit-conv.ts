// The two gradients of a convolution, in the spellings that measure fastest on the CPU (ONNX Runtime has no ConvGrad).
import type { Ops } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Emitter } from "./emit.ts";

/** Stride 1: a convolution with the turned, swapped weight. Otherwise a transposed convolution. */
export function conv2dInput(e: Emitter, attrs: Ops["conv2dInput"], [g, w]: readonly string[], v: Value): string {
  const { stride, padding, height, width } = attrs;
  const [, weight] = v.inputs;
  const [kh, kw] = weight.shape.slice(2);
  const [top, left, bottom, right] = padding;
  if (stride === 1) {
    const pads = [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right];
    if (pads.every((p) => p >= 0)) {
      const swapped = e.node("Transpose", [w], { perm: [1, 0, 2, 3] });
      const turned = kh === 1 && kw === 1 ? swapped : reversed(e, swapped);
      return e.node("Conv", [g, turned], { kernel_shape: [kh, kw], strides: [1, 1], pads });
    }
  }
  const [, , gh, gw] = v.inputs[0].shape;
  const extra = [height - (stride * (gh - 1) + kh - top - bottom), width - (stride * (gw - 1) + kw - left - right)];
  return e.node("ConvTranspose", [g, w], {
    kernel_shape: [kh, kw],
    strides: [stride, stride],
    pads: padding,
    output_padding: extra,
  });
}

function reversed(e: Emitter, w: string): string {
  const last = -Number.MAX_SAFE_INTEGER;
  return e.node("Slice", [w, e.ints([-1, -1]), e.ints([last, last]), e.ints([2, 3]), e.ints([-1, -1])]);
}

/** One matrix product per kernel tap: gᵀ·x, over shifted views of the padded picture. */
export function conv2dWeight(e: Emitter, attrs: Ops["conv2dWeight"], [x, g]: readonly string[], v: Value): string {
  const { stride, padding, kernel } = attrs;
  const [batch, channels, h, w] = v.inputs[0].shape;
  const [, outputs, gh, gw] = v.inputs[1].shape;
  const [top, left, bottom, right] = padding;
  const [kh, kw] = kernel;
  const taps = Array.from({ length: kh * kw }, (_, i) => [Math.floor(i / kw), i % kw] as const);
  const wide = gh * gw >= 1024 && channels <= 128 && outputs <= 128;
  const whole = kh === 1 && kw === 1 && stride === 1;

  // Large pictures stay in NCHW (a transpose would cost more than it gains). Of small ones all positions of all pictures form
  // one long inner axis, the last of g and the first of x: a Gemm that has to turn its first operand takes 1.3 times as long.
  const layout = wide
    ? { source: x, axes: [2, 3], gradient: e.reshape(g, [batch, outputs, gh * gw]) }
    : {
        source: e.once(`nhwc ${x}`, () => e.node("Transpose", [x], { perm: [0, 2, 3, 1] })),
        axes: [1, 2],
        gradient: e.reshape(
          e.once(`cnhw ${g}`, () => e.node("Transpose", [g], { perm: [1, 0, 2, 3] })),
          [outputs, -1],
        ),
      };
  const padded = padding.some((p) => p > 0)
    ? e.once(`padded ${layout.source} ${padding}`, () =>
        wide
          ? e.pad(layout.source, [batch, channels, h, w], [0, 0, top, left], [0, 0, bottom, right])
          : e.pad(layout.source, [batch, h, w, channels], [0, top, left, 0], [0, bottom, right, 0]),
      )
    : layout.source;
  const product = ([dy, dx]: readonly [number, number]): string => {
    const ends = [dy + (gh - 1) * stride + 1, dx + (gw - 1) * stride + 1];
    const exact = dy === 0 && dx === 0 && stride === 1 && ends[0] === h + top + bottom && ends[1] === w + left + right;
    const view = exact
      ? padded
      : e.node("Slice", [padded, e.ints([dy, dx]), e.ints(ends), e.ints(layout.axes), e.ints([stride, stride])]);
    if (!wide) return e.node("Gemm", [layout.gradient, e.reshape(view, [batch * gh * gw, channels])]);
    const flat = e.reshape(view, [batch, channels, gh * gw]);
    const each = e.node("FusedMatMul", [layout.gradient, flat], { transB: 1 }, "com.microsoft");
    return e.node("ReduceSum", [each, e.ints([0])], { keepdims: 0 });
  };
  if (whole) return e.reshape(product([0, 0]), v.shape);
  const stacked = e.reshape(e.node("Concat", taps.map(product), { axis: 0 }), [kh * kw, outputs, channels]);
  return e.reshape(e.node("Transpose", [stacked], { perm: [1, 2, 0] }), v.shape);
}
