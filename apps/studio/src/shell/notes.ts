// Short messages at the edge of the page: what went wrong, what was done and can be undone.
import { create } from "zustand";

/** A message; an `action` is a button in it. */
export interface Note {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
  readonly action?: { readonly label: string; readonly act: () => void };
}

/** The messages that are shown. */
export const useNotes = create<{ readonly notes: readonly Note[] }>(() => ({ notes: [] }));

let last = 0;

/** Milliseconds that a message stays; one with an action stays longer. */
const [BRIEF, LONG] = [5000, 10_000];

/** Say something. It goes by itself. */
export function note(text: string, { bad = false, action }: Partial<Pick<Note, "bad" | "action">> = {}): void {
  const id = ++last;
  useNotes.setState(({ notes }) => ({ notes: [...notes.slice(-2), { id, text, bad, ...(action && { action }) }] }));
  setTimeout(() => dismiss(id), action || bad ? LONG : BRIEF);
}

/** Take a message away. */
export const dismiss = (id: number): void =>
  useNotes.setState(({ notes }) => ({ notes: notes.filter((one) => one.id !== id) }));

/** Say what went wrong. */
export const complain = (error: unknown): void =>
  note(error instanceof Error ? error.message : String(error), { bad: true });
