// Learn: the list of chapters, and the chapter that is open.
import { lazy, Suspense, useMemo } from "react";
import { Link, useParams } from "wouter";
import { chapters } from "./chapters.ts";
import "./learn.css";
import "./parts.css";

/** /learn and /learn/:slug. */
export default function Learn() {
  const { slug } = useParams<{ slug?: string }>();
  const index = chapters.findIndex((chapter) => chapter.slug === slug);
  const chapter = chapters[index];
  const Page = useMemo(() => (chapter ? lazy(chapter.load) : undefined), [chapter]);
  if (!chapter || !Page)
    return (
      <section className="page">
        <h1>Learn</h1>
        <p className="lede">How words become a picture, step by step, with the model at work on this machine.</p>
        <ol className="chapters">
          {chapters.map(({ slug, title, summary }, i) => (
            <li key={slug}>
              <Link href={`/learn/${slug}`}>
                <span className="chapter-number">{i + 1}</span>
                <strong>{title}</strong>
                <span>{summary}</span>
              </Link>
            </li>
          ))}
        </ol>
      </section>
    );
  const [before, after] = [chapters[index - 1], chapters[index + 1]];
  return (
    <article className="page chapter">
      <p className="eyebrow">
        <Link href="/learn">Learn</Link> · {index + 1} of {chapters.length}
      </p>
      <h1>{chapter.title}</h1>
      <p className="lede">{chapter.summary}</p>
      <Suspense fallback={<p className="quiet">Opening the chapter …</p>}>
        <Page />
      </Suspense>
      <nav className="chapter-nav" aria-label="Chapters">
        {before && <Link href={`/learn/${before.slug}`}>← {before.title}</Link>}
        {after && (
          <Link href={`/learn/${after.slug}`} className="next">
            {after.title} →
          </Link>
        )}
      </nav>
    </article>
  );
}
