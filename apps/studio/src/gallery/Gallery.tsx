// Gallery.

/** /gallery. */
export default function Gallery() {
  return <section className="page"><h1>Gallery</h1></section>;
}
