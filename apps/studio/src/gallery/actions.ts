// What is done to pictures from wherever they are seen: star, delete with undo, recall, begin with, save.
import type { Picture } from "@dreamgrain/server/contract";
import type { QueryClient } from "@tanstack/react-query";
import { deletePictures, restorePictures, star } from "../api/pictures.ts";
import type { Recall } from "../create/form.ts";
import { edit, recall, useCreate } from "../create/store.ts";
import { complain, note } from "../shell/notes.ts";
import { counted } from "../shell/words.ts";

const recalls: Readonly<Record<Recall, string>> = {
  all: "Everything of this picture is in the form.",
  remix: "Everything but the seed is in the form.",
  prompt: "Its words are in the form.",
  seed: "Its seed is in the form, and kept.",
  size: "Its size is in the form.",
};

/** Put what a picture was made from into the form. */
export function recallFrom(picture: Picture, what: Recall): void {
  recall(picture.settings, what);
  note(recalls[what]);
}

/** Star a picture, or take the star away. */
export const toggleStar = (queries: QueryClient, picture: Picture): Promise<void> =>
  star(queries, picture, !picture.starred).then(
    () => renew([picture.id], (one) => ({ ...one, starred: !picture.starred })),
    complain,
  );

/** Delete pictures, with a way back. */
export async function removeWithUndo(queries: QueryClient, ids: readonly string[]): Promise<void> {
  try {
    await deletePictures(queries, ids);
    renew(ids, () => undefined);
    const undo = { label: "Undo", act: () => void restorePictures(queries, ids).catch(complain) };
    note(`${counted(ids.length, "picture")} deleted.`, { action: undo });
  } catch (error) {
    complain(error);
  }
}

/** Bring pictures back from the bin. */
export const bringBack = (queries: QueryClient, ids: readonly string[]): Promise<void> =>
  restorePictures(queries, ids).then(() => note(`${counted(ids.length, "picture")} brought back.`), complain);

/** The next drawing begins with this picture. */
export function begin(picture: Picture): void {
  edit({ image: { source: { picture: picture.id }, url: picture.url } });
  note("The next picture begins with this one.");
}

/** What a picture's file is called. */
export function fileName({ settings }: Picture): string {
  const words = (settings.prompt ?? "unguided").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `${words.join("-").slice(0, 60)}-${settings.seed}.png`;
}

/** The stage of Create may show a picture that has changed. */
function renew(ids: readonly string[], change: (picture: Picture) => Picture | undefined): void {
  const { shown } = useCreate.getState();
  if (!shown || !("picture" in shown) || !ids.includes(shown.picture.id)) return;
  const picture = change(shown.picture);
  useCreate.setState({ shown: picture && { picture } });
}
