// The messages of `notes.ts`, read out by screen readers as they come.
import { X } from "lucide-react";
import { dismiss, useNotes } from "./notes.ts";

/** The messages at the edge of the page. */
export function Notes() {
  const notes = useNotes((state) => state.notes);
  return (
    <div className="notes" role="status" aria-live="polite">
      {notes.map(({ id, text, bad, action }) => (
        <div key={id} className={bad ? "note bad" : "note"}>
          <p>{text}</p>
          {action && (
            <button
              type="button"
              className="plain"
              onClick={() => {
                action.act();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" className="icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <X aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
