// Models: which there are, opened once. Opening reads headers and words; networks run in the engine's process alone.
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { defaultModel, findModels, type Model, openModel, sizeStep } from "dreamgrain/node";
import type { Model as ModelAnswer } from "./contract.ts";
import { Failed } from "./failures.ts";

/** A model and what requests call it. */
export interface KnownModel {
  readonly id: string;
  readonly path: string;
  readonly model: Model;
  readonly created: number;
}

export interface Models {
  /** The one to draw with when a request does not say. */
  readonly usual: KnownModel;
  /** The folder of the model that compares texts and pictures, where there is one. */
  readonly distance: string | undefined;
  /** Those that can be used; others are passed over. */
  list(): Promise<KnownModel[]>;
  /** @throws Failed when there is none of this id, or it cannot be used */
  find(id?: string): Promise<KnownModel>;
  /** Look at a model anew when it is next asked for: its files have changed. */
  forget(id: string): void;
}

/**
 * The models that `findModels` finds, and the one at a path if one is named, which then is the usual one.
 * @throws ModelError when the usual one cannot be opened
 */
export async function openModels(path?: string): Promise<Models> {
  const chosen = path ?? (await defaultModel());
  const opened = new Map<string, Promise<KnownModel>>();
  const open = (id: string, from: string): Promise<KnownModel> => {
    const before = opened.get(id);
    if (before) return before;
    const opening = Promise.all([openModel(from), stat(from)]).then(([model, { mtimeMs }]) => {
      return { id, path: from, model, created: Math.floor(mtimeMs / 1000) };
    });
    opened.set(id, opening);
    opening.catch(() => opened.delete(id)); // it may have been mended when it is asked for again
    return opening;
  };
  /** A later name wins, as it does for `defaultModel`. */
  const places = async (): Promise<Map<string, string>> =>
    new Map((await findModels()).map((found) => [found.name, found.path]));
  const named = [...(await places())].find(([, place]) => place === chosen);
  const distance = await defaultModel("distance").catch(() => undefined);
  let usual = await open(named?.[0] ?? basename(resolve(chosen), ".safetensors"), chosen);
  return {
    get usual() {
      return usual;
    },
    distance,
    forget(id) {
      opened.delete(id);
      if (id === usual.id)
        void open(id, chosen).then(
          (again) => (usual = again),
          () => {},
        );
    },
    async list() {
      const others = [...(await places())].filter(([id]) => id !== usual.id);
      const all = await Promise.allSettled(others.map(([id, place]) => open(id, place)));
      return [usual, ...all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))];
    },
    async find(id) {
      if (id === undefined || id === usual.id) return usual;
      const place = (await places()).get(id);
      if (place === undefined)
        throw new Failed("invalid", `model: there is none called "${id}"; GET /v1/models lists them`, {
          param: "request.model",
        });
      return open(id, place).catch((error: Error) => {
        throw new Failed("invalid", `model: "${id}" cannot be used: ${error.message.split("\n")[0]}`, {
          param: "request.model",
          cause: error,
        });
      });
    },
  };
}

/** What is said about a model. */
export function modelAnswer({ id, model, created }: KnownModel): ModelAnswer {
  const { name, hash, task, defaults, fewSteps, texts } = model;
  const few = fewSteps ? { steps: fewSteps.steps, guidance: fewSteps.guidance } : null;
  const tokensPerRow = texts[0].tokenizer.length - 2;
  const answer = { id, object: "model", created, owned_by: "dreamgrain" } as const;
  return { ...answer, name, hash, task, sizeStep: sizeStep(model), defaults, fewSteps: few, tokensPerRow };
}
