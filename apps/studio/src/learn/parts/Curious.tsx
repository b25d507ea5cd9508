// For the curious: the equation, and the files of this repository that implement it, with their text.
import { type ReactNode, useState } from "react";
import { complain } from "../../shell/notes.ts";

/** The text of each file that a chapter names, fetched when it is opened. */
const texts = import.meta.glob<string>(
  [
    "../../../../../src/diffusion/denoise.ts",
    "../../../../../src/diffusion/forward.ts",
    "../../../../../src/diffusion/guidance.ts",
    "../../../../../src/diffusion/noise-table.ts",
    "../../../../../src/diffusion/samplers.ts",
    "../../../../../src/diffusion/variation.ts",
    "../../../../../src/embeddings/distance.ts",
    "../../../../../src/models/attention-maps.ts",
    "../../../../../src/models/clip-text.ts",
    "../../../../../src/models/vae.ts",
    "../../../../../src/pipelines/guide.ts",
    "../../../../../src/pipelines/text-to-image.ts",
    "../../../../../src/pipelines/together.ts",
    "../../../../../src/text/clip-bpe.ts",
    "../../../../../src/text/words.ts",
    "../../../../../src/training/adamw.ts",
    "../../../../../src/training/train.ts",
    "../../../../../src/training/vjp.ts",
  ],
  { query: "?raw", import: "default" },
);

/** A chapter's small print. `files` are paths from the root of the repository. */
export function Curious({ children, files }: { readonly children: ReactNode; readonly files: readonly string[] }) {
  return (
    <details className="curious">
      <summary>For the curious</summary>
      {children}
      <p>It is done in</p>
      <ul>
        {files.map((path) => (
          <li key={path}>
            <Source path={path} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Source({ path }: { readonly path: string }) {
  const [text, setText] = useState<string>();
  return (
    <details
      onToggle={(event) => {
        if (!event.currentTarget.open || text !== undefined) return;
        texts[`../../../../../${path}`]?.().then(setText, complain);
      }}
    >
      <summary>
        <code>{path}</code>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="source" tabIndex={0} aria-label={path}>
        <pre>{text ?? "…"}</pre>
      </section>
    </details>
  );
}
