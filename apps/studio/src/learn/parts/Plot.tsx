// Curves over a line: a plot without numbers, for what goes up and what goes down.

/** A curve through points in the order of x. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT] = [600, 160];

/** Curves in one frame from 0 to `most` on both axes, with a mark at `at`. */
export function Plot({
  curves,
  most,
  at,
  label,
}: {
  readonly curves: readonly Curve[];
  readonly most: readonly [x: number, y: number];
  readonly at?: number;
  readonly label: string;
}) {
  const x = (value: number): number => (value / most[0]) * WIDTH;
  const y = (value: number): number => HEIGHT - (Math.min(value, most[1]) / most[1]) * HEIGHT;
  return (
    <figure className="plot">
      <svg viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`} role="img" aria-label={label} preserveAspectRatio="none">
        <line className="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {curves.map(({ name, points }, i) => (
          <polyline
            key={name}
            className={`curve curve-${i + 1}`}
            points={points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ")}
          />
        ))}
        {at !== undefined && <line className="mark" x1={x(at)} x2={x(at)} y1="-4" y2={HEIGHT + 4} />}
      </svg>
      {curves.length > 1 && (
        <figcaption>
          {curves.map(({ name }, i) => (
            <span key={name} className={`key key-${i + 1}`}>
              {name}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}
