// Fetch: models from the web, by their address. Runs in browsers.
import { fetchClipMerges } from "../text/clip-vocabulary-web.ts";
import { type FetchOptions, fetched } from "../weights/fetched.ts";
import type { LoadOptions, Model } from "./model.ts";
import { readModel } from "./read-model.ts";

export interface FetchModelOptions extends LoadOptions, FetchOptions {}

/**
 * Fetch a model: a folder that is served with its files under it, or a single .safetensors, as `readModel` says. The parts
 * that come from elsewhere (`vae`, `textEncoder`) are addresses too.
 * @param url absolute, or relative to the page
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export function fetchModel(url: string, { signal, onDownload, ...options }: FetchModelOptions = {}): Promise<Model> {
  const files = fetched({ ...(signal && { signal }), ...(onDownload && { onDownload }) });
  return readModel({ files, merges: () => fetchClipMerges() }, url, options);
}
