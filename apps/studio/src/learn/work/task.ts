// Work that is begun anew whenever something changes: what was under way is dropped at its next step.
import { useCallback, useEffect, useRef, useState } from "react";
import { complain } from "../../shell/notes.ts";

/** One piece of work at a time. */
export interface Task {
  readonly busy: boolean;
  /** Begin; what was begun before is stopped. Errors are told at the edge of the page. */
  readonly run: (work: (signal: AbortSignal) => Promise<void>) => void;
  readonly stop: () => void;
}

/** A task of a component, stopped when that goes. */
export function useTask(): Task {
  const current = useRef<AbortController>(undefined);
  const [busy, setBusy] = useState(false);
  const stop = useCallback(() => {
    current.current?.abort();
    current.current = undefined;
    setBusy(false);
  }, []);
  const run = useCallback((work: (signal: AbortSignal) => Promise<void>) => {
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    setBusy(true);
    work(mine.signal)
      .catch((error: unknown) => {
        if (!mine.signal.aborted) complain(error);
      })
      .finally(() => {
        if (current.current === mine) setBusy(false);
      });
  }, []);
  useEffect(() => () => current.current?.abort(), []);
  return { busy, run, stop };
}

/** A value once it has been left alone for a moment, so that dragging does not begin a hundred walks. */
export function useSettled<T>(value: T, milliseconds = 200): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
