// The sheet of keys, by where they act.
import { X } from "lucide-react";
import { Dialog } from "./Dialog.tsx";
import { type Hotkey, hotkeys, written } from "./hotkeys.ts";
import { set, useSettings } from "./settings.ts";

const all: readonly Hotkey[] = Object.values(hotkeys);

/** Every key there is, and a switch for those that act alone. */
export function HotkeySheet({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const singleKeys = useSettings((settings) => settings.singleKeys);
  return (
    <Dialog open={open} onClose={onClose} label="Keys" className="sheet">
      <header>
        <h2>Keys</h2>
        <button type="button" className="icon" aria-label="Close" onClick={onClose}>
          <X aria-hidden="true" />
        </button>
      </header>
      <div className="key-columns">
        {(["Anywhere", "Create", "Gallery"] as const).map((where) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {all
                .filter((one) => one.where === where)
                .map(({ keys, label }) => (
                  <div key={keys}>
                    <dt>
                      {written(keys).map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dt>
                    <dd>{label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="check">
        <input type="checkbox" checked={singleKeys} onChange={(event) => set({ singleKeys: event.target.checked })} />
        Keys without Ctrl or Alt act too
      </label>
    </Dialog>
  );
}
