// Keys: one table of what there is, and hooks that act on it. InvokeAI's letters where it has one.
import { useEffect, useRef } from "react";
import { useSettings } from "./settings.ts";

/** What a key does, and where. `mod` is Ctrl, or ⌘ on a Mac. */
export interface Hotkey {
  readonly keys: string;
  readonly label: string;
  readonly where: "Anywhere" | "Create" | "Gallery";
}

/** Every key. */
export const hotkeys = {
  draw: { keys: "mod+enter", label: "Draw", where: "Anywhere" },
  drawFirst: { keys: "mod+shift+enter", label: "Draw before everything that waits", where: "Anywhere" },
  cancel: { keys: "shift+x", label: "Cancel what is being drawn", where: "Anywhere" },
  help: { keys: "?", label: "These keys", where: "Anywhere" },
  create: { keys: "1", label: "Go to Create", where: "Anywhere" },
  gallery: { keys: "2", label: "Go to Gallery", where: "Anywhere" },
  grid: { keys: "3", label: "Go to Grid", where: "Anywhere" },
  learn: { keys: "4", label: "Go to Learn", where: "Anywhere" },
  focusPrompt: { keys: "/", label: "To the prompt, or to the search", where: "Anywhere" },
  older: { keys: "alt+arrowup", label: "The prompt before, in the prompt", where: "Create" },
  newer: { keys: "alt+arrowdown", label: "The prompt after", where: "Create" },
  dice: { keys: "d", label: "Another seed", where: "Create" },
  lock: { keys: "l", label: "Keep the seed, or let it change", where: "Create" },
  open: { keys: "enter", label: "Open the picture", where: "Gallery" },
  select: { keys: "x", label: "Select the picture", where: "Gallery" },
  star: { keys: ".", label: "Star", where: "Gallery" },
  info: { keys: "i", label: "Show or hide what made it", where: "Gallery" },
  recallAll: { keys: "a", label: "Recall everything", where: "Gallery" },
  recallRemix: { keys: "r", label: "Recall everything but the seed", where: "Gallery" },
  recallPrompt: { keys: "p", label: "Recall the prompt", where: "Gallery" },
  recallSeed: { keys: "s", label: "Recall the seed", where: "Gallery" },
  recallSize: { keys: "w", label: "Recall the size", where: "Gallery" },
  compare: { keys: "c", label: "Compare the two that are selected", where: "Gallery" },
  remove: { keys: "delete", label: "Delete, with undo", where: "Gallery" },
} as const satisfies Record<string, Hotkey>;
export type HotkeyName = keyof typeof hotkeys;

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Whether these keys are the ones pressed. Shift does not count with signs that need it to be typed. */
export function matches(keys: string, pressed: Pressed): boolean {
  const parts = keys.split("+");
  const key = parts.pop()!;
  const wants = (modifier: string): boolean => parts.includes(modifier);
  const mod = pressed.ctrlKey || pressed.metaKey;
  const sign = key.length === 1 && !/[a-z0-9]/.test(key);
  return (
    pressed.key.toLowerCase() === key &&
    mod === wants("mod") &&
    pressed.altKey === wants("alt") &&
    (sign || pressed.shiftKey === wants("shift"))
  );
}

/** Whether a key alone would be typed into what has the focus. */
function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=range], [type=checkbox]), textarea, select"))
  );
}

/** Acts on keys while the component is there. A dialog that is open keeps its keys to itself: pass its element. */
export function useHotkeys(
  actions: { readonly [K in HotkeyName]?: (event: KeyboardEvent) => void },
  within?: HTMLDialogElement | null,
): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const open = [...document.querySelectorAll<HTMLDialogElement>("dialog:modal")].at(-1);
      if (open && open !== within) return;
      for (const [name, act] of Object.entries(latest.current) as [HotkeyName, (event: KeyboardEvent) => void][]) {
        const { keys } = hotkeys[name];
        if (!matches(keys, event)) continue;
        const alone = !keys.includes("mod+") && !keys.includes("alt+");
        if (alone && (typing(event.target) || !useSettings.getState().singleKeys)) continue;
        event.preventDefault();
        act(event);
        return;
      }
    };
    document.addEventListener("keydown", down);
    return () => document.removeEventListener("keydown", down);
  }, [within]);
}

/** Keys as they are written on the keyboard at hand. */
export function written(keys: string, mac: boolean = isMac()): readonly string[] {
  const names: Readonly<Record<string, string>> = {
    ...{ mod: mac ? "⌘" : "Ctrl", shift: mac ? "⇧" : "Shift", alt: mac ? "⌥" : "Alt" },
    ...{ enter: "Enter", delete: "Del", arrowup: "↑", arrowdown: "↓" },
  };
  return keys.split("+").map((key) => names[key] ?? key.toUpperCase());
}

const isMac = (): boolean => typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);
