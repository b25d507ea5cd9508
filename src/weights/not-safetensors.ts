// What a file that should be a .safetensors really is, told from its first bytes.

const starts = (...prefixes: string[]) => {
  return (text: string) => prefixes.some((prefix) => text.startsWith(prefix));
};
const matches = (pattern: RegExp) => (text: string) => pattern.test(text);

/** The start of the file as Latin-1 text, and the rest of a sentence that begins with the file's name. */
const signatures: readonly (readonly [is: (start: string) => boolean, what: string])[] = [
  [
    starts("PK\x03\x04"),
    "is a zip: a PyTorch .ckpt or .pt, which can run code. Look for the .safetensors of the same model.",
  ],
  [
    starts("\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"),
    "is a Python pickle (.ckpt, .pt, .bin), which can run code. Look for the .safetensors of the same model.",
  ],
  [starts("GGUF"), "is a GGUF file, which is not supported. Look for the .safetensors of the same model."],
  [
    starts("version https://git-lfs"),
    "is a Git LFS pointer, not the file itself. Run `git lfs pull` where it came from.",
  ],
  [
    matches(/^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|!--)/i),
    "is a web page: the download failed. Open its address in a browser and log in if asked.",
  ],
  [
    matches(/^(\xef\xbb\xbf)?\s*[{[][\s"{}[\]]/),
    "is JSON text: an index, a config or a server's error message. Point to the weights themselves.",
  ],
  [starts("\x89PNG", "\xff\xd8\xff", "RIFF", "GIF8"), "is a picture, not a model."],
  [starts("\x1f\x8b", "7z\xbc\xaf", "Rar!", "\xfd7zXZ"), "is a compressed archive. Unpack it first."],
  [starts("\x7fELF", "MZ"), "is a program, not a model."],
  [
    (text) => text.startsWith("\x08") && text.charCodeAt(1) < 16 && ["\x12", "\x3a", "\x42"].includes(text.charAt(2)),
    "looks like an ONNX file. Point to the .safetensors of the model instead.",
  ],
  // A header's length is eight bytes of which the last ones are 0.
  [matches(/^[\t\n\r -~]{8}/), "is text: a server's error message, or another file. Download it again."],
];

/** The rest of a sentence that starts with the file's name, or undefined when the bytes tell nothing. */
export function whatIsIt(start: Uint8Array, fileSize: number): string | undefined {
  if (fileSize === 0) return "is empty (0 bytes). Download it again.";
  const text = String.fromCharCode(...start.subarray(0, 256));
  return signatures.find(([is]) => is(text))?.[1];
}
