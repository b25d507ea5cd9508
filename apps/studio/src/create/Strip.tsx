// The latest pictures, to be looked at again without leaving Create.
import { usePictures } from "../api/pictures.ts";
import { show } from "./store.ts";

const MOST = 24;

/** A row of small pictures, newest first; nothing before the first. */
export function Strip() {
  const { data } = usePictures({});
  const pictures = data?.pages.flatMap(({ items }) => items).slice(0, MOST) ?? [];
  if (pictures.length < 2) return <div className="strip" />;
  return (
    <ul className="strip" aria-label="Latest pictures">
      {pictures.map((picture) => (
        <li key={picture.id}>
          <button type="button" className="plain" onClick={() => show({ picture })}>
            <img src={picture.thumbnail} alt={picture.settings.prompt ?? "unguided picture"} loading="lazy" />
          </button>
        </li>
      ))}
    </ul>
  );
}
