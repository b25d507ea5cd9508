// Keys: each does one thing, and is recognised on any keyboard.
import { describe, expect, it } from "vitest";
import { type Hotkey, hotkeys, matches, written } from "./hotkeys.ts";
import { counted, credits, duration } from "./words.ts";

const pressed = (key: string, ...modifiers: string[]) => ({
  ...{ key, ctrlKey: modifiers.includes("ctrl"), metaKey: modifiers.includes("meta") },
  ...{ altKey: modifiers.includes("alt"), shiftKey: modifiers.includes("shift") },
});

describe("hotkeys", () => {
  it("are each one thing wherever they act", () => {
    const all: readonly Hotkey[] = Object.values(hotkeys);
    for (const where of ["Create", "Gallery"]) {
      const keys = all.filter((one) => one.where === where || one.where === "Anywhere").map((one) => one.keys);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
  it("are told apart by their modifiers; signs are typed with or without Shift", () => {
    expect(matches("mod+enter", pressed("Enter", "ctrl"))).toBe(true);
    expect(matches("mod+enter", pressed("Enter", "meta"))).toBe(true);
    expect(matches("mod+enter", pressed("Enter"))).toBe(false);
    expect(matches("mod+enter", pressed("Enter", "ctrl", "shift"))).toBe(false);
    expect(matches("shift+x", pressed("X", "shift"))).toBe(true);
    expect(matches("x", pressed("X", "shift"))).toBe(false);
    expect(matches("?", pressed("?", "shift"))).toBe(true);
    expect(matches(".", pressed("."))).toBe(true);
    expect(matches("s", pressed("s", "ctrl"))).toBe(false);
  });
  it("are written as on the keyboard", () => {
    expect(written("mod+shift+enter", false)).toEqual(["Ctrl", "Shift", "Enter"]);
    expect(written("mod+enter", true)).toEqual(["⌘", "Enter"]);
  });
});

describe("words", () => {
  it("say credits, durations and counts as people do", () => {
    expect([credits(1000), credits(1500), credits(250), credits(123_400), credits(0), credits(-1000)]).toEqual([
      ...["1 credit", "1.5 credits", "0.25 credits", "123.4 credits", "0 credits", "-1 credits"],
    ]);
    expect([duration(0.01), duration(1.24), duration(59.7), duration(75), duration(120), duration(3700)]).toEqual([
      ...["0.1\u00a0s", "1.2\u00a0s", "60\u00a0s", "1\u00a0min 15\u00a0s", "2\u00a0min", "1\u00a0h 1\u00a0min"],
    ]);
    expect([counted(1, "picture"), counted(10_000, "picture")]).toEqual(["1 picture", "10,000 pictures"]);
  });
});
