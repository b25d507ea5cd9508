// Files on the web: what the disk is to Node, `fetch` is here. Each file is asked for once and kept as a Blob.
import { checkJsonSize, type Files, parseConfig } from "./files.ts";
import { ModelError } from "./model-error.ts";
import { parseSafetensors } from "./safetensors.ts";

/** How far the download of a file is. */
export interface Download {
  /** The address. */
  readonly path: string;
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all, where the server says so. */
  readonly total: number | undefined;
}

export interface FetchOptions {
  /** Stops what is under way. */
  readonly signal?: AbortSignal;
  /** Told as weights come in. */
  readonly onDownload?: (download: Download) => void;
}

/** Files by address, absolute or relative to the page. A server that answers every address with a page has no such file. */
export function fetched({ signal, onDownload }: FetchOptions = {}): Files {
  const ask = async (path: string, method: "GET" | "HEAD"): Promise<Response> => {
    try {
      return await fetch(path, { method, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      throw new ModelError("unreadable", `model: ${path} cannot be fetched: ${why}`, { cause: error });
    }
  };
  const get = async (path: string): Promise<Response> => {
    const response = await ask(path, "GET");
    if (response.status === 404 || response.status === 410 || (response.ok && isPage(response)))
      throw new ModelError("missing", `model: there is no ${path}`);
    if (!response.ok)
      throw new ModelError("unreadable", `model: ${path} cannot be fetched: the server answered ${response.status}`);
    return response;
  };
  return {
    folder: async (path) => (path.endsWith(".safetensors") ? undefined : path.replace(/\/+$/, "")),
    has: async (path) => {
      const response = await ask(path, "HEAD");
      return response.ok && !isPage(response);
    },
    json: async (path) => {
      const response = await get(path);
      checkJsonSize(path, Number(response.headers.get("content-length") ?? 0));
      const text = await received(path, () => response.text());
      checkJsonSize(path, text.length);
      return parseConfig(text, path);
    },
    safetensors: async (path) => {
      const response = await get(path);
      const blob = await received(path, () => download(path, response, onDownload));
      return { ...(await parseSafetensors(blob, { where: path })), path, fileSize: blob.size };
    },
  };

  /** What a body holds. @throws ModelError `unreadable` when it breaks off */
  async function received<T>(path: string, body: () => Promise<T>): Promise<T> {
    try {
      const whole = await body();
      signal?.throwIfAborted(); // a stream that is stopped may just end
      return whole;
    } catch (error) {
      signal?.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      throw new ModelError("unreadable", `model: ${path} broke off while it was fetched: ${why}. Try again.`, {
        cause: error,
      });
    }
  }
}

const isPage = (response: Response): boolean => (response.headers.get("content-type") ?? "").startsWith("text/html");

function download(path: string, response: Response, onDownload: FetchOptions["onDownload"]): Promise<Blob> {
  if (!onDownload || !response.body) return response.blob();
  // The length of what is packed says nothing about what comes out.
  const packed = response.headers.has("content-encoding");
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  const total = packed || Number.isNaN(length) ? undefined : length;
  let loaded = 0;
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      loaded += chunk.length;
      onDownload({ path, loaded, total });
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counting)).blob();
}
