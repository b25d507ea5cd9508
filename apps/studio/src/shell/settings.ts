// What the studio remembers of a person's choices on this device.
import { create } from "zustand";
import { persist } from "zustand/middleware";

/** `system` follows the device. */
export type Theme = "system" | "light" | "dark";

interface Settings {
  readonly theme: Theme;
  /** Whether keys without Ctrl or Alt act (WCAG 2.1.4 wants them to be put off where they are in the way). */
  readonly singleKeys: boolean;
  /** Whether the viewer shows what made a picture. */
  readonly info: boolean;
  /** Whether one has signed in here: the session itself is a cookie that pages cannot see. */
  readonly signedIn: boolean;
}

/** Kept under `dreamgrain.settings`, where theme.js reads it before the first paint. */
export const useSettings = create<Settings>()(
  persist<Settings>(() => ({ theme: "system", singleKeys: true, info: true, signedIn: false }), {
    name: "dreamgrain.settings",
  }),
);

/** Change some of them. */
export function set(changes: Partial<Settings>): void {
  useSettings.setState(changes);
}

const show = ({ theme }: Settings): void => {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
};
if (typeof document !== "undefined") useSettings.subscribe(show);
