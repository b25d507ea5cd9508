// A native modal dialog that React opens and closes; Escape and a click beside it close it too.
import { type ReactNode, useEffect, useState } from "react";
import { Notes } from "./Notes.tsx";

/** `children` are there only while it is open; a function is given the dialog's element, for keys that act within it. */
export function Dialog({
  open,
  onClose,
  label,
  className,
  children,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode | ((dialog: HTMLDialogElement | null) => ReactNode);
}) {
  const [dialog, setDialog] = useState<HTMLDialogElement | null>(null);
  useEffect(() => {
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open, dialog]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key, and the browser handles it.
    <dialog
      ref={setDialog}
      className={className}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {open && (typeof children === "function" ? children(dialog) : children)}
      {/* What is outside of a modal dialog cannot be reached, and a message may have a button. */}
      {open && <Notes />}
    </dialog>
  );
}
