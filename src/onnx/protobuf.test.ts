// The wire format, against bytes worked out by hand from the Protocol Buffers encoding guide.
import { expect, it } from "vitest";
import { bytes, float, int, join, message, string } from "./protobuf.ts";

const hex = (field: readonly Uint8Array[]): string => Buffer.from(join(field)).toString("hex");

it("writes integers as varints, negative ones in ten bytes", () => {
  expect(hex(int(1, 0))).toBe("0800");
  expect(hex(int(1, 150))).toBe("089601");
  expect(hex(int(16, 1))).toBe("800101");
  expect(hex(int(3, -1))).toBe("18ffffffffffffffffff01");
  expect(hex(int(3, -(2n ** 63n)))).toBe("1880808080808080808001");
  expect(hex(int(2, 2 ** 40))).toBe("10808080808020");
});

it("writes floats little-endian", () => {
  expect(hex(float(2, 1))).toBe("150000803f");
});

it("puts the length before strings, bytes and messages", () => {
  expect(hex(string(2, "testing"))).toBe("120774657374696e67");
  expect(hex(string(2, "é"))).toBe("1202c3a9");
  expect(hex(bytes(1, Uint8Array.of(1, 2, 3)))).toBe("0a03010203");
  expect(hex(message(3, int(1, 150)))).toBe("1a03089601");
  expect(hex(message(3))).toBe("1a00");
  expect(join(bytes(1, new Uint8Array(300)))).toHaveLength(303);
});
