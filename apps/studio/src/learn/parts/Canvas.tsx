// A picture of the model's, pixel by pixel.
import type { Pixels } from "dreamgrain/web";
import { useEffect, useRef } from "react";

/** Draws `pixels` as large as its box; `blocks` shows each pixel as a square, for latents. Without pixels the box is grey. */
export function Canvas({
  pixels,
  label,
  blocks = false,
}: {
  readonly pixels: Pixels | undefined;
  /** What a screen reader says of it. */
  readonly label: string;
  readonly blocks?: boolean;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas || !pixels) return;
    const { width, height, channels, data } = pixels;
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      image.data.set(data.subarray(i * channels, i * channels + 3), 4 * i);
      image.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d")?.putImageData(image, 0, 0);
  }, [pixels]);
  return (
    <canvas ref={ref} className={blocks ? "view blocks" : "view"} width={1} height={1} role="img" aria-label={label} />
  );
}

/** A picture with words under it. */
export function Shown(props: {
  readonly pixels: Pixels | undefined;
  readonly label: string;
  readonly caption: string;
  readonly blocks?: boolean;
}) {
  const { caption, ...canvas } = props;
  return (
    <figure className="shown">
      <Canvas {...canvas} />
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
