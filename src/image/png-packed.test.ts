// PNGs packed by the platform: the pixels and texts that zlib's have.
import { expect, it } from "vitest";
import { pixels } from "./pixels.ts";
import { decodePng } from "./png.ts";
import { packPng } from "./png-packed.ts";

it.each([3, 4] as const)("keeps %s channels and texts, line by line", async (channels) => {
  const [width, height] = [13, 7];
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + (i >> 3)) % 256);
  const picture = pixels(width, height, channels, data);
  const text = { parameters: "naïve\nSteps: 4" };
  expect(decodePng(await packPng(picture, { text }))).toEqual({ picture, text });
});
