// CLIP's merges from the file that ships with the library, fetched: for browsers. `clip-vocabulary.ts` is the same for Node.

let merges: Promise<readonly string[]> | undefined;

/**
 * The 48,894 merges of CLIP's vocabulary, for `clipTokenizer`; fetched once (0.2 MB).
 * @param url where assets/clip-merges.gz is served; bundlers find it by themselves
 * @throws Error when it cannot be fetched
 */
export function fetchClipMerges(
  url: URL | string = new URL("../../assets/clip-merges.gz", import.meta.url),
): Promise<readonly string[]> {
  merges ??= read(url).catch((error: unknown) => {
    merges = undefined;
    throw error;
  });
  return merges;
}

async function read(url: URL | string): Promise<readonly string[]> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`CLIP's vocabulary ${url} cannot be fetched: the server answered ${response.status}`);
  const file = await response.blob();
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  // Servers that say "content-encoding: gzip" of it have had it unpacked on the way.
  const packed = first === 0x1f && second === 0x8b;
  const plain = packed ? new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))) : new Response(file);
  return (await plain.text()).split("\n");
}
