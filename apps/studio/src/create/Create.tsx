// Create.

/** /create. */
export default function Create() {
  return <section className="page"><h1>Create</h1></section>;
}
