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
export const chapters: readonly Chapter[] = [
  {
    slug: "noise",
    title: "Noise",
    summary: "A picture drowns in noise, level by level: what a model learns to undo.",
    load: () => import("./chapters/Noise.tsx"),
  },
  {
    slug: "denoise",
    title: "Denoise",
    summary: "The way back, step by step: what the model sees, and what it takes for noise.",
    load: () => import("./chapters/Denoise.tsx"),
  },
  {
    slug: "words",
    title: "Words",
    summary: "How a text becomes numbers, and which words each place of the picture listens to.",
    load: () => import("./chapters/Words.tsx"),
  },
  {
    slug: "latent-space",
    title: "Latent space",
    summary: "Texts and pictures as points: who is near whom, and what lies between.",
    load: () => import("./chapters/LatentSpace.tsx"),
  },
  {
    slug: "guidance",
    title: "Guidance",
    summary: "How hard the words pull, from not at all to far too much.",
    load: () => import("./chapters/Guidance.tsx"),
  },
  {
    slug: "picture-guidance",
    title: "Picture guidance",
    summary: "Begin with a picture instead of noise alone, and repaint as much of it as you like.",
    load: () => import("./chapters/PictureGuidance.tsx"),
  },
  {
    slug: "train",
    title: "Train it",
    summary: "A small network learns a shape while you watch: the loss falls, the samples gather.",
    load: () => import("./chapters/Train.tsx"),
  },
];
