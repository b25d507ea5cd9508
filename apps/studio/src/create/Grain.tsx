// Noise, drawn as the seed says: what stands where a picture is not yet.
import { useEffect, useRef } from "react";

const SIDE = 64;

/** A square of coloured noise; the same for the same seed. */
export function Grain({ seed }: { readonly seed: bigint }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = ref.current?.getContext("2d");
    if (!context) return;
    const picture = context.createImageData(SIDE, SIDE);
    let state = (Number(BigInt.asUintN(32, seed)) ^ 0x9e3779b9) >>> 0 || 1;
    const next = (): number => {
      // xorshift32: it only has to look like noise.
      state ^= state << 13;
      state ^= state >>> 17;
      state = (state ^ (state << 5)) >>> 0;
      return state / 2 ** 32;
    };
    for (let i = 0; i < picture.data.length; i++)
      picture.data[i] = i % 4 === 3 ? 255 : 128 + (next() + next() + next() - 1.5) * 110;
    context.putImageData(picture, 0, 0);
  }, [seed]);
  return <canvas ref={ref} className="grain" width={SIDE} height={SIDE} />;
}
