// The row of buttons under a picture.
import type { Picture } from "@dreamgrain/server/contract";
import { useQueryClient } from "@tanstack/react-query";
import { Download, ImagePlus, Info, RotateCcw, Shuffle, Sprout, Star, Trash2, Undo2 } from "lucide-react";
import { Link, useLocation } from "wouter";
import { begin, bringBack, fileName, recallFrom, removeWithUndo, toggleStar } from "./actions.ts";

/** Star, recall, begin with, save, delete. In Create also the way to the gallery. */
export function PictureActions({
  picture,
  inGallery = false,
  onDone,
}: {
  readonly picture: Picture;
  readonly inGallery?: boolean;
  readonly onDone?: () => void;
}) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const toCreate = (act: () => void) => (): void => {
    act();
    if (inGallery) go("/");
  };
  if (picture.deleted !== null)
    return (
      <div className="actions">
        <button
          type="button"
          onClick={() => {
            void bringBack(queries, [picture.id]);
            onDone?.();
          }}
        >
          <Undo2 aria-hidden="true" /> Bring back
        </button>
      </div>
    );
  return (
    <div className="actions">
      <button
        type="button"
        className="icon"
        aria-label="Star"
        aria-pressed={picture.starred}
        title="Star ( . )"
        onClick={() => void toggleStar(queries, picture)}
      >
        <Star aria-hidden="true" fill={picture.starred ? "currentColor" : "none"} />
      </button>
      <button
        type="button"
        className="icon"
        aria-label="Recall everything"
        title="Recall everything (A)"
        onClick={toCreate(() => recallFrom(picture, "all"))}
      >
        <RotateCcw aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon"
        aria-label="Recall all but the seed"
        title="Recall all but the seed (R)"
        onClick={toCreate(() => recallFrom(picture, "remix"))}
      >
        <Shuffle aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon"
        aria-label="Recall the seed"
        title="Recall the seed (S)"
        onClick={toCreate(() => recallFrom(picture, "seed"))}
      >
        <Sprout aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon"
        aria-label="Begin the next with it"
        title="Begin the next with it"
        onClick={toCreate(() => begin(picture))}
      >
        <ImagePlus aria-hidden="true" />
      </button>
      <a
        className="button icon"
        href={picture.url}
        download={fileName(picture)}
        aria-label="Save the file"
        title="Save the file"
      >
        <Download aria-hidden="true" />
      </a>
      <button
        type="button"
        className="icon"
        aria-label="Delete"
        title="Delete (Del)"
        onClick={() => {
          void removeWithUndo(queries, [picture.id]);
          onDone?.();
        }}
      >
        <Trash2 aria-hidden="true" />
      </button>
      {!inGallery && (
        <Link className="button icon" href={`/gallery/${picture.id}`} aria-label="What made it" title="What made it">
          <Info aria-hidden="true" />
        </Link>
      )}
    </div>
  );
}
