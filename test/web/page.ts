// The page of test/web.long.test.ts: `dreamgrain/web` within reach of what a test asks the page to do.
import * as graph from "dreamgrain/graph";
import * as web from "dreamgrain/web";

/** What a picture is drawn from. */
export interface Asked {
  readonly model: string;
  readonly prompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly provider?: web.Provider;
}

/** Draw; the PNG, what the runtime calls itself, which steps were seen, and how often the page had a turn meanwhile. */
async function draw({ model, prompt, seed, steps, provider }: Asked) {
  await using runtime = web.inWorker(provider ? { engine: { name: "ort-web", options: { provider } } } : {});
  await using dream = await web.open({ model, runtime });
  const seen: number[] = [];
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const { png } = await dream.draw(prompt, { seed, steps, onStep: ({ index }) => seen.push(index) });
  clearInterval(ticking);
  return { png: [...png], name: runtime.name, seen, turns, isolated: crossOriginIsolated };
}

/** Stop a walk between two steps, kill one in the middle of a run, and draw again. */
async function stop(model: string) {
  await using runtime = web.inWorker();
  await using dream = await web.open({ model, runtime });
  const stopping = new AbortController();
  const seen: number[] = [];
  const request = { seed: 1, steps: 20 };
  const aborted = await dream
    .draw("a cat", {
      ...request,
      signal: stopping.signal,
      onStep({ index }) {
        seen.push(index);
        if (index === 2) stopping.abort();
      },
    })
    .catch((error: Error) => error.name);
  const killed = await dream
    .draw("a cat", { ...request, onStep: ({ index }) => void (index === 3 && setTimeout(() => runtime.kill(), 0)) })
    .catch((error: unknown) => (error instanceof web.EngineDied ? error.reason : `${error}`));
  const { png } = await dream.draw("a cat", { ...request, steps: 2 });
  return { seen, aborted, killed, bytes: png.length };
}

declare global {
  interface Window {
    dreamgrain: typeof web & { readonly graph: typeof graph; readonly draw: typeof draw; readonly stop: typeof stop };
  }
}
window.dreamgrain = { ...web, graph, draw, stop };
