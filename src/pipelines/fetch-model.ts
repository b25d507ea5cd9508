// Fetch: models from the web, by their address. Runs in browsers.
import { fetchClipMerges } from "../text/clip-vocabulary-web.ts";
import { type FetchOptions, fetched } from "../weights/fetched.ts";
import type { ClipModel } from "./embedder.ts";
import type { LoadOptions, Model } from "./model.ts";
import { readClip } from "./read-clip.ts";
import { readModel, type World } from "./read-model.ts";

export interface FetchModelOptions extends LoadOptions, FetchOptions {}

/**
 * Fetch a model: a folder that is served with its files under it, or a single .safetensors, as `readModel` says. The parts
 * that come from elsewhere (`vae`, `textEncoder`) are addresses too.
 * @param url absolute, or relative to the page
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export function fetchModel(url: string, { signal, onDownload, ...options }: FetchModelOptions = {}): Promise<Model> {
  return readModel(world({ ...(signal && { signal }), ...(onDownload && { onDownload }) }), url, options);
}

/**
 * Fetch a model of texts and pictures in one space, as `readClip` says.
 * @param url of a folder, or of its .safetensors; absolute, or relative to the page
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export const fetchClip = (url: string, options: FetchOptions = {}): Promise<ClipModel> => readClip(world(options), url);

const world = (options: FetchOptions): World => ({ files: fetched(options), merges: () => fetchClipMerges() });
