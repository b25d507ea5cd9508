// Numbers as people read them.
import { describe, expect, it } from "vitest";
import { amount, credits, duration } from "./words.ts";

describe("numbers in words", () => {
  it("rounds nothing of a balance away, and knows one credit from several", () => {
    expect([199_800, 1000, 50, 1, 0, 12_345_678].map(credits)).toEqual([
      ...["199.8 credits", "1 credit", "0.05 credits", "0.001 credits", "0 credits", "12,345.678 credits"],
    ]);
  });

  it("says which way an amount went, with a sign as wide as the other", () => {
    expect([200_000, -200, 0].map(amount)).toEqual(["+200", "−0.2", "0"]);
  });

  it("says how long in the units that one would", () => {
    const said = [0, 0.42, 9.96, 59.4, 75, 120, 3700].map((seconds) => duration(seconds).replaceAll("\u00a0", " "));
    expect(said).toEqual(["0.1 s", "0.4 s", "10 s", "59 s", "1 min 15 s", "2 min", "1 h 1 min"]);
  });
});
