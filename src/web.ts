// dreamgrain/web: everything in `dreamgrain`, and what needs a browser: models from the web, the engine in a worker.
//
//   await using dream = await open({ model: "/models/default" });
//   const { png } = await dream.draw("a red sailboat at dusk", { seed: 7 });
export * from "./index.ts";
export { type FetchModelOptions, fetchClip, fetchModel } from "./pipelines/fetch-model.ts";
export { type OpenOptions, open } from "./pipelines/open-web.ts";
export { type Death, EngineDied } from "./runtime/calls.ts";
export type { HostedRuntime } from "./runtime/hosted.ts";
export { type InWorkerOptions, inWorker } from "./runtime/in-worker.ts";
export { type OrtWebOptions, ortWeb, type Provider } from "./runtime/ort-web.ts";
export { fetchClipMerges } from "./text/clip-vocabulary-web.ts";
