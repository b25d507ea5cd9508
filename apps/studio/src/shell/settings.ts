// What the studio remembers of a person's choices on this device.
import { create } from "zustand";
import { persist } from "zustand/middleware";

/** `system` follows the device. */
export type Theme = "system" | "light" | "dark";

interface Settings {
  readonly theme: Theme;
  readonly setTheme: (theme: Theme) => void;
}

/** Kept under `dreamgrain.settings`, where theme.js reads it before the first paint. */
export const useSettings = create<Settings>()(
  persist((set) => ({ theme: "system", setTheme: (theme) => set({ theme }) }), {
    name: "dreamgrain.settings",
    partialize: ({ theme }) => ({ theme }),
  }),
);

const show = ({ theme }: Settings): void => {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
};
useSettings.subscribe(show);
