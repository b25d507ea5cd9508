// Points of a plane: a shape, and samples over it; a finger or a mouse draws a shape of its own.
import { useEffect, useRef } from "react";
import type { Points } from "../work/toy.ts";

/** Pixels of a side, and of the plane's unit. */
const [SIDE, UNIT] = [560, 190];

/** Points that a stroke leaves at each place, scattered a little. */
const [DROPS, SPREAD] = [6, 0.04];

/** `onDraw` gets the points of strokes. */
export function Scatter({
  points,
  samples,
  label,
  onDraw,
}: {
  readonly points: Points;
  readonly samples: Points | undefined;
  readonly label: string;
  readonly onDraw: (points: Points) => void;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<number[]>(undefined);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    const style = getComputedStyle(canvas);
    context.clearRect(0, 0, SIDE, SIDE);
    const dots = (all: Points, colour: string, radius: number): void => {
      context.fillStyle = colour;
      for (let i = 0; i + 1 < all.length; i += 2) {
        context.beginPath();
        context.arc(SIDE / 2 + (all[i] ?? 0) * UNIT, SIDE / 2 + (all[i + 1] ?? 0) * UNIT, radius, 0, 2 * Math.PI);
        context.fill();
      }
    };
    dots(points, style.getPropertyValue("--dim"), 4);
    if (samples) dots(samples, style.getPropertyValue("--bright"), 4.5);
  }, [points, samples]);
  const drop = (event: React.PointerEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = (client: number, start: number, length: number): number =>
      (((client - start) / length - 0.5) * SIDE) / UNIT;
    for (let i = 0; i < DROPS; i++)
      stroke.current?.push(
        at(event.clientX, box.left, box.width) + SPREAD * (Math.random() - 0.5),
        at(event.clientY, box.top, box.height) + SPREAD * (Math.random() - 0.5),
      );
    if (stroke.current) onDraw(Float32Array.from(stroke.current));
  };
  return (
    <canvas
      ref={ref}
      className="scatter"
      width={SIDE}
      height={SIDE}
      role="img"
      aria-label={label}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        stroke.current = [];
        drop(event);
      }}
      onPointerMove={(event) => {
        if (stroke.current) drop(event);
      }}
      onPointerUp={() => {
        stroke.current = undefined;
      }}
    />
  );
}
