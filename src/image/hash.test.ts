// The hash of pixels: SHA-256 as everybody computes it, of the size and the samples and nothing else.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { pixelHash, sha256 } from "./hash.ts";
import { pixels } from "./pixels.ts";

it("is SHA-256", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }),
  );
});

it("tells pictures of the same samples and another shape apart", () => {
  const data = new Uint8Array(24);
  expect(pixelHash(pixels(4, 2, 3, data))).toMatch(/^[0-9a-f]{10}$/);
  expect(pixelHash(pixels(4, 2, 3, data))).not.toBe(pixelHash(pixels(2, 4, 3, data)));
});
