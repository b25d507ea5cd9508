// muon: an optimiser for matrices. Of a gradient's directions a few are long and most are short; a step of Muon is equally long in all
// of them. Jordan et al. 2024 (kellerjordan.github.io/posts/muon); as long as AdamW's steps, Liu et al. 2025, §2.2.
import { type Graph, trace } from "../graph/trace.ts";
import { constant } from "../graph/value.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { type Shape, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";

/** A weight as a matrix: its outputs, and all that each of them sees. */
const sides = ([rows, ...rest]: Shape): readonly [number, number] => [rows, rest.reduce((a, b) => a * b, 1)];

/** Layers that read what is no feature, or write it: the first and the last, tables of words and places, clocks. */
const OUTER = /(^|\.)(conv_in|conv_out|time_embedding|add_embedding|token_embedding|position_embedding)\./;

/** Whether Muon is for a parameter: matrices and kernels between features. All others are AdamW's. */
export const isHidden = (name: string, shape: Shape): boolean =>
  shape.length >= 2 && name.endsWith(".weight") && !OUTER.test(name);

/** Newton and Schulz's iteration, as Jordan et al. tuned it: five rounds leave every singular value between 0.7 and 1.2. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ROUNDS = 5;

/**
 * x [rows,columns] with singular values of about 1 and the singular vectors that it has. Rounds multiply x by polynomials of x·xᵀ, so
 * they are multiplied with each other first, where matrices are small.
 */
export const orthogonalGraph = (rows: number, columns: number): Graph<"x", "orthogonal"> =>
  trace({ x: [rows, columns] }, (_, { x }) => {
    const wide = rows <= columns;
    const small = Math.min(rows, columns);
    const length = x.square().sum().sqrt().affine(1, 1e-7);
    const unit = x.div(length);
    const diagonal = new Float32Array(small * small);
    for (let i = 0; i < small; i++) diagonal[i * (small + 1)] = A;
    const identity = constant(tensor(diagonal, [small, small]));
    let gram = wide ? unit.matmul(unit, { transB: true }) : unit.matmul(unit, { transA: true });
    let product = identity.mul(1 / A);
    for (let round = 0; round < ROUNDS; round++) {
      const factor = gram.mul(B).add(gram.matmul(gram).mul(C)).add(identity);
      product = round === 0 ? factor : factor.matmul(product);
      if (round < ROUNDS - 1) gram = factor.matmul(gram).matmul(factor);
    }
    return { orthogonal: wide ? product.matmul(unit) : unit.matmul(product) };
  });

/** How much of the mean gradient stays at each step. */
const MOMENTUM = 0.95;

export interface MuonOptions {
  readonly rate: number;
  /** Factor on every gradient, as clipping asks for. */
  readonly scale?: number;
  /** Decoupled decay, in units of the learning rate. */
  readonly weightDecay?: number;
}

/** Takes steps of Muon, in place; programs are compiled once for each shape. */
export interface Muon extends AsyncDisposable {
  /** @param first the running mean of gradients, of the same names */
  step(params: Tensors, gradients: Tensors, first: Tensors, options: MuonOptions): Promise<void>;
}

export function muon(runtime: Runtime): Muon {
  const programs = new Map<string, Promise<Program<"x", "orthogonal">>>();
  const orthogonal = async (x: Tensor): Promise<Tensor> => {
    const key = x.shape.join();
    if (!programs.has(key)) programs.set(key, runtime.compile(orthogonalGraph(x.shape[0], x.shape[1])));
    return (await (await programs.get(key)!).run({ x })).orthogonal;
  };
  return {
    async step(params, gradients, first, { rate, scale = 1, weightDecay = 0.01 }) {
      const keep = 1 - rate * weightDecay;
      for (const [name, { data: p, shape }] of Object.entries(params)) {
        const [rows, columns] = sides(shape);
        const m = first[name].data;
        const g = gradients[name].data;
        const ahead = new Float32Array(p.length);
        for (let i = 0; i < p.length; i++) {
          const now = g[i] * scale;
          m[i] += (1 - MOMENTUM) * (now - m[i]);
          ahead[i] = (1 - MOMENTUM) * now + MOMENTUM * m[i]; // Nesterov 1983
        }
        const { data: turned } = await orthogonal(tensor(ahead, [rows, columns]));
        const pace = rate * 0.2 * Math.sqrt(Math.max(rows, columns));
        for (let i = 0; i < p.length; i++) p[i] = p[i] * keep - pace * turned[i];
      }
    },
    async [Symbol.asyncDispose]() {
      for (const program of programs.values()) await (await program)[Symbol.asyncDispose]();
    },
  };
}
