// Estimates: how long drawing takes, from how long it took. A step costs calls × pixels, the rest (words, decoding) pixels.
import { sizeStep } from "dreamgrain/node";
import type { Took } from "./engine/protocol.ts";
import type { KnownModel } from "./models.ts";
import type { Work } from "./plan.ts";
import type { Database } from "./store/database.ts";

export interface Estimates {
  /** Seconds of one picture. */
  seconds(known: KnownModel, work: Work): number;
  /** Whether the model has drawn here before; otherwise `seconds` is a guess. */
  measured(known: KnownModel): boolean;
  /** Learn from a picture. */
  learn(known: KnownModel, work: Work, took: Took): void;
}

/** The middle of so many measurements counts: a busy machine makes single ones wild. */
const LATEST = 9;
/** How much a rate changes before it is written down anew. */
const CHANGE = 0.1;
/** Multiplications a second, and how often a parameter is used for each latent pixel, about: for the first guess. */
const SPEED = 1.5e10;
const REUSE = 1 / 9;

/** Estimates that are remembered in a database. */
export function openEstimates(db: Database): Estimates {
  const latest = new Map(
    db
      .all<{ name: string; value: number }>("SELECT name, value FROM measured")
      .map(({ name, value }) => [name, [value]]),
  );
  const rate = (name: string): number | undefined => {
    const values = latest.get(name);
    return values?.toSorted((a, b) => a - b)[values.length >> 1];
  };
  const kept = new Map([...latest].map(([name, [value]]) => [name, value]));
  const add = (name: string, value: number): void => {
    latest.set(name, [...(latest.get(name) ?? []), value].slice(-LATEST));
    const now = rate(name) ?? value;
    const before = kept.get(name);
    if (before !== undefined && Math.abs(now / before - 1) < CHANGE) return;
    kept.set(name, now);
    db.run("INSERT INTO measured VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2", name, now);
  };
  return {
    seconds({ model }, { calls, rest }) {
      const step = rate(`${model.hash} step`) ?? guess(model);
      return calls * step + rest * (rate(`${model.hash} rest`) ?? step);
    },
    measured: ({ model }) => latest.has(`${model.hash} step`),
    learn({ model }, { calls, steps, rest }, took) {
      add(`${model.hash} step`, (took.step * steps) / calls);
      add(`${model.hash} rest`, took.rest / rest);
    },
  };
}

/** Seconds of one call at the model's own size, from how many parameters it has. */
function guess(model: KnownModel["model"]): number {
  const { unet } = model.weights;
  let parameters = 0;
  for (const name of unet.names()) parameters += unet.info(name)?.shape.reduce((a, b) => a * b, 1) ?? 0;
  const latents = (model.defaults.width * model.defaults.height) / sizeStep(model) ** 2;
  return (parameters * latents * REUSE) / SPEED;
}
