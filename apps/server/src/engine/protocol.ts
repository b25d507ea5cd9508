// What the gateway and an engine's process say to each other. Node frames the messages; each is checked where it arrives.
import type { Settings } from "../contract.ts";

/** A picture to draw. Pictures that guide are PNGs. */
export interface Drawing {
  readonly model: { readonly path: string; readonly hash: string };
  readonly settings: Settings;
  readonly image?: Uint8Array;
  readonly mask?: Uint8Array;
}

/** A text, or a picture as a PNG, whose meaning is asked for. */
export interface Meant {
  /** The model that compares texts and pictures. */
  readonly model: { readonly path: string; readonly hash: string };
  readonly what: { readonly text: string } | { readonly png: Uint8Array };
  /** Between the steps of a drawing that is under way; otherwise after it. */
  readonly soon: boolean;
}

export type ToEngine =
  /** Open this model, and draw a little with it if that is quick, so that the first picture is. */
  | { readonly kind: "open"; readonly model: Drawing["model"] }
  | ({ readonly kind: "draw"; readonly id: string } & Drawing)
  | ({ readonly kind: "understand"; readonly id: string } & Meant)
  /** Stop before the next step. */
  | { readonly kind: "cancel"; readonly id: string };

export type FromEngine =
  /** The model is open. `took`: what a picture with its own settings takes, where one was begun. */
  | { readonly kind: "ready"; readonly took: Took | undefined }
  /** Still alive, and getting on: a deadline starts anew. */
  | { readonly kind: "beat" }
  /** What is to be understood is being looked at, until it is `understood` or `failed`: whatever happens now is its doing. */
  | { readonly kind: "looking"; readonly id: string }
  /** Its meaning: a vector of length 1. */
  | { readonly kind: "understood"; readonly id: string; readonly vector: Float32Array }
  /** A step was taken (from 1). `preview`: a PNG of what the picture would be now. */
  | {
      readonly kind: "step";
      readonly id: string;
      readonly step: number;
      readonly steps: number;
      readonly preview: Uint8Array | undefined;
      /** Bytes of memory that the process holds. */
      readonly memory: number;
    }
  | { readonly kind: "done"; readonly id: string; readonly png: Uint8Array; readonly took: Took | undefined }
  | { readonly kind: "cancelled"; readonly id: string }
  /** It cannot be done; something else may. */
  | { readonly kind: "failed"; readonly id: string; readonly code: FailureCode; readonly message: string };

export type FailureCode = "invalid" | "out_of_memory" | "model_changed" | "internal";

/** Seconds of one step (after the first, which may compile something), and of everything else in a picture. */
export interface Took {
  readonly step: number;
  readonly rest: number;
}

/** The largest PNG that is taken from an engine. */
export const MOST_BYTES = 64 * 2 ** 20;

/** A model is another one now than when it was asked for. */
export class Changed extends Error {
  override readonly name = "Changed";
}
