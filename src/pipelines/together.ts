// Together: calls of a network made in the same turn, for the same sample and time, become one run: the two halves of guidance.
import { rows, type Tensor } from "../tensor/tensor.ts";

/** A network on samples under their context, or on one sample under several: then the result has one row for each. */
export type Together<C> = (sample: Tensor, time: number, contexts: readonly C[]) => Promise<Tensor>;

interface Call<C> {
  readonly sample: Tensor;
  readonly time: number;
  readonly context: C;
  readonly resolve: (said: Tensor) => void;
  readonly reject: (why: unknown) => void;
}

/** Whether two samples are one: batches have as many contexts already, and stay apart. */
const same = (a: Tensor, b: Tensor): boolean =>
  a.shape[0] === 1 && a.shape.join() === b.shape.join() && a.data.every((x, i) => Object.is(x, b.data[i]));

/**
 * Calls as they come, runs as few as may be. Who asks need not know of it: guidance asks two denoisers at once.
 * @param alike whether two contexts may share a run
 */
export function together<C>(run: Together<C>, alike: (a: C, b: C) => boolean) {
  let waiting: Call<C>[] = [];
  const flush = (): void => {
    const calls = waiting;
    waiting = [];
    while (calls.length > 0) {
      const [first] = calls;
      const group = calls.filter(
        (c) =>
          c === first || (c.time === first.time && alike(c.context, first.context) && same(c.sample, first.sample)),
      );
      for (const call of group) calls.splice(calls.indexOf(call), 1);
      run(
        first.sample,
        first.time,
        group.map(({ context }) => context),
      ).then(
        (said) => {
          for (const [i, call] of group.entries()) call.resolve(group.length === 1 ? said : rows(said, i));
        },
        (why: unknown) => {
          for (const call of group) call.reject(why);
        },
      );
    }
  };
  return (sample: Tensor, time: number, context: C): Promise<Tensor> =>
    new Promise((resolve, reject) => {
      if (waiting.push({ sample, time, context, resolve, reject }) === 1) queueMicrotask(flush);
    });
}
