// A grid's jobs, sent one after another: where the server has enough for now it is asked again when it said.
import { ApiError } from "../api/client.ts";
import { submit } from "../create/store.ts";
import type { Cell } from "./axes.ts";

/** Sends the cells; `sent` hears how many are accepted. Stops, without an error, when the signal says so. @throws ApiError */
export async function sendCells(
  cells: readonly Cell[],
  group: string,
  sent: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, { request, label }] of cells.entries()) {
    while (!signal.aborted) {
      try {
        await submit(request, { group, label });
        break;
      } catch (error) {
        const later =
          error instanceof ApiError && (error.status === 429 || error.status === 503)
            ? (error.retryAfter ?? 5)
            : undefined;
        if (later === undefined) throw error;
        await pause(later * 1000, signal);
      }
    }
    if (signal.aborted) return;
    sent(index + 1);
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
