// The eye of the engine's process: what texts and pictures mean, by a model that is opened when something is first asked of it.
import { availableMemory, decodePng, type Embedder, embedder, openClip, type Runtime } from "dreamgrain/node";
import { Changed, type Meant } from "./protocol.ts";

/** @param runtime started when it is first needed */
export function openEye(runtime: () => Promise<Runtime>): (meant: Meant) => Promise<Float32Array> {
  let open: { readonly path: string; readonly seer: Embedder } | undefined;
  const opened = async ({ path, hash }: Meant["model"]): Promise<Embedder> => {
    if (open?.path === path && open.seer.model.hash === hash) return open.seer;
    const before = open;
    open = undefined;
    await before?.seer[Symbol.asyncDispose]();
    const model = await openClip(path);
    if (model.hash !== hash)
      throw new Changed(`the model ${model.name} is now another one than when this server started`);
    open = { path, seer: embedder(model, await runtime(), { memory: availableMemory() }) };
    return open.seer;
  };
  return async ({ model, what }) => {
    const seer = await opened(model);
    return "text" in what ? seer.embedText(what.text) : seer.embedPicture(decodePng(what.png).picture);
  };
}
