// Grid.

/** /grid. */
export default function Grid() {
  return <section className="page"><h1>Grid</h1></section>;
}
