// rearrange: reshape and transpose by named axes, as in einops (Rogozhnikov 2022): "b c (h p) (w q) -> b (c p q) h w".
import { GraphError } from "./ops.ts";
import type { Value } from "./value.ts";

type Pattern = string[][];

/** Words are axes; words in one pair of brackets share an axis. */
function parse(side: string, whole: string): Pattern {
  const groups = side.trim().match(/\([^()]*\)|[a-z0-9]+/g) ?? [];
  if (groups.join("").replace(/[\s()]/g, "") !== side.replace(/[\s()]/g, ""))
    throw new GraphError(`rearrange: cannot read "${whole}"`);
  return groups.map((g) => g.replace(/[()]/g, "").trim().split(/\s+/).filter(Boolean));
}

/**
 * Rearrange the axes of a value by name. Sizes that do not follow from the shape are given in `sizes`.
 * @example rearrange(x, "b (h w) c -> b c h w", { h: 16 })
 * @throws GraphError when the pattern does not fit the value or names different axes on its two sides.
 */
export function rearrange(x: Value, pattern: string, sizes: Readonly<Record<string, number>> = {}): Value {
  const [from, to, ...more] = pattern.split("->");
  if (to === undefined || more.length > 0) throw new GraphError(`rearrange: "${pattern}" wants one "->"`);
  const left = parse(from, pattern);
  const right = parse(to, pattern);
  const names = left.flat();
  const wanted = right.flat();
  if (new Set(names).size !== names.length || [...names].sort().join() !== [...wanted].sort().join())
    throw new GraphError(`rearrange: the two sides of "${pattern}" do not name the same axes`);
  if (left.length !== x.shape.length)
    throw new GraphError(`rearrange: "${pattern}" wants ${left.length} axes\n  [${x.shape}] from ${x.layer}`);

  const known: Record<string, number> = { ...sizes };
  left.forEach((group, axis) => {
    const open = group.filter((n) => known[n] === undefined);
    const product = group.reduce((n, name) => n * (known[name] ?? 1), 1);
    if (open.length === 1) known[open[0]] = x.shape[axis] / product;
    if (
      open.length > 1 ||
      group.reduce((n, name) => n * (known[name] ?? 1), 1) !== x.shape[axis] ||
      !Number.isInteger(known[open[0]] ?? 1)
    )
      throw new GraphError(
        `rearrange: axis ${axis} of "${pattern}" does not fit ${x.shape[axis]}\n  [${x.shape}] from ${x.layer}`,
      );
  });
  const perm = wanted.map((n) => names.indexOf(n));
  const apart = x.reshape(names.map((n) => known[n]));
  const turned = perm.every((p, i) => p === i) ? apart : apart.transpose(perm);
  return turned.reshape(right.map((group) => group.reduce((n, name) => n * known[name], 1)));
}
