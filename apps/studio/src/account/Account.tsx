// Account.

/** /account. */
export default function Account() {
  return <section className="page"><h1>Account</h1></section>;
}
