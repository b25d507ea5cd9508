// MathML in JSX: the elements that the chapters' equations are written with.
import type { HTMLAttributes } from "react";

type MathProps = HTMLAttributes<MathMLElement>;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      math: MathProps & { display?: "block" | "inline" };
      mrow: MathProps;
      mi: MathProps & { mathvariant?: "normal" };
      mo: MathProps & { stretchy?: boolean };
      mn: MathProps;
      mtext: MathProps;
      mspace: MathProps & { width?: string };
      msub: MathProps;
      msup: MathProps;
      msubsup: MathProps;
      mfrac: MathProps;
      msqrt: MathProps;
      mover: MathProps;
    }
  }
}
