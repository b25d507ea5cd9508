// Whether the screen is of a kind, as CSS would say it.
import { useSyncExternalStore } from "react";

/** The width below which the page is one column: as in the style sheets. */
export const narrow = "(max-width: 52rem)";

/** Whether a media query holds, now and whenever it changes. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => window.matchMedia(query).matches,
  );
}
