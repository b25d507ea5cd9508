// The chapters of Learn, in the order they are read. Each is loaded when it is opened.
import type { ComponentType } from "react";

/** A chapter: what the index shows of it, and the component that is its page. */
export interface Chapter {
  /** Its address: /learn/SLUG. */
  readonly slug: string;
  readonly title: string;
  /** One sentence that a newcomer understands. */
  readonly summary: string;
  readonly load: () => Promise<{ default: ComponentType }>;
}

/** Every chapter, in reading order. */
export const chapters: readonly Chapter[] = [];
