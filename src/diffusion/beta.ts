// The beta distribution: where a part of it lies below.

/**
 * The x below which a part `p` of Beta(a, b) lies: the inverse of the regularized incomplete beta function I_x(a, b).
 *
 * By halving, to 2⁻⁶⁰ of the interval; for the near half of it when p is small, else for the far half, mirrored.
 * @throws RangeError unless 0 ≤ p ≤ 1 and a, b > 0
 */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`beta: part ${p}; expected 0 to 1`);
  if (!(a > 0 && b > 0)) throw new RangeError(`beta: a ${a}, b ${b}; expected both above 0`);
  const [near, far] = [below(1 / 2, a, b), below(1 / 2, b, a)];
  const whole = near + far;
  if (p * whole > near) return 1 - betaQuantile(1 - p, b, a);
  let [low, high] = [0, 1 / 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (below(middle, a, b) < p * whole) low = middle;
    else high = middle;
  }
  return p === 0 ? 0 : high;
}

/** ∫₀ˣ t^(a−1)·(1−t)^(b−1) dt for x ≤ ½, term by term of the binomial series of its second factor. */
function below(x: number, a: number, b: number): number {
  let term = x ** a;
  let sum = term / a;
  for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
    term *= ((n - b) / n) * x;
    sum += term / (a + n);
  }
  return sum;
}
