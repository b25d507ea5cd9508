// An equation, on a line of its own, which scrolls where it is wider than the page.
import type { ReactNode } from "react";

/** `children` are MathML. */
export function Equation({ children }: { readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="equation" tabIndex={0} aria-label="The equation">
      <math display="block">{children}</math>
    </section>
  );
}
