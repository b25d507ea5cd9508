// The axes of Grid as they were typed, and the last grid, kept on this device.
import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { AxisName } from "./axes.ts";

/** An axis as typed. */
export interface Typed {
  readonly name: AxisName;
  readonly text: string;
}

interface GridState {
  readonly x: Typed;
  readonly y: Typed;
  /** The group of the grid that was drawn last. */
  readonly group: string | undefined;
}

/** What is typed. Steps in both qualities to begin with: what more steps are worth. */
export const useGrid = create<GridState>()(
  persist<GridState>(
    () => ({
      x: { name: "steps", text: "1, 2, 4, 8, 16, 32" },
      y: { name: "quality", text: "fast, best" },
      group: undefined,
    }),
    {
      name: "dreamgrain.grid",
      version: 1,
    },
  ),
);
