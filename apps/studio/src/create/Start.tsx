// The picture to begin with, if any, and how far from it the drawing may go.
import { ImagePlus, X } from "lucide-react";
import { useRef, useState } from "react";
import { complain } from "../shell/notes.ts";
import type { Form } from "./form.ts";
import { Slider } from "./Slider.tsx";
import { beginWith, edit } from "./store.ts";

/** A well to drop a picture in; with one in it, the picture and its strength. */
export function Start({ form }: { readonly form: Form }) {
  const file = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (chosen: File | undefined): void => {
    if (chosen) beginWith(chosen).catch(complain);
  };
  return (
    <div className="start">
      {form.image ? (
        <>
          <div className="start-picture">
            <img src={form.image.url} alt="What is begun with" />
            <button
              type="button"
              className="icon"
              aria-label="Do not begin with this picture"
              onClick={() => edit({ image: undefined })}
            >
              <X aria-hidden="true" />
            </button>
          </div>
          <Slider
            label="Strength"
            value={form.strength}
            least={0.05}
            most={1}
            step={0.05}
            hint="How much is drawn anew: 0 keeps the picture, 1 forgets it."
            onChange={(strength) => edit({ strength })}
          />
        </>
      ) : (
        <button
          type="button"
          className={over ? "well over" : "well"}
          onClick={() => file.current?.click()}
          onDragOver={() => setOver(true)}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            event.stopPropagation();
            setOver(false);
            take(event.dataTransfer.files[0]);
          }}
        >
          <ImagePlus aria-hidden="true" /> Begin with a picture
        </button>
      )}
      <input
        ref={file}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        hidden
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
    </div>
  );
}
