// What the gateway and the decoder's process say to each other: one request, one answer. The bytes of a picture go through the
// process's input, since a message would be copied, and copied again, on its way.

/** Bytes of pictures from outside. */
export const MOST_UPLOADED = 20 * 2 ** 20;
/** Pixels of pictures from outside. */
export const MOST_PIXELS = 2 ** 24;

/** What is done with the bytes of a picture. */
export interface Requests {
  /** A picture from outside as a plain PNG: pixels alone, upright. */
  clean: { send: Record<never, never>; answer: { png: Uint8Array; width: number; height: number } };
  /** The texts in a PNG. */
  texts: { send: Record<never, never>; answer: { texts: Record<string, string>; width: number; height: number } };
  /** A small WebP. */
  thumbnail: { send: { readonly side: number }; answer: { file: Uint8Array } };
  /** Another kind of file, of another size if one is named. */
  convert: {
    send: {
      readonly format: "png" | "jpeg" | "webp";
      readonly quality: number;
      readonly size?: { readonly width: number; readonly height: number };
    };
    answer: { file: Uint8Array };
  };
  /** The mask that a PNG's transparency is: white where it is transparent. */
  mask: { send: Record<never, never>; answer: { png: Uint8Array; width: number; height: number } };
}
export type Kind = keyof Requests;

export type ToDecoder = {
  [K in Kind]: { readonly kind: K; readonly id: number; readonly length: number } & Requests[K]["send"];
}[Kind];

export type FromDecoder =
  | { readonly id: number; readonly answer: Requests[Kind]["answer"] }
  /** The picture cannot be used: why. */
  | { readonly id: number; readonly refused: string };
