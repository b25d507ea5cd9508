// The form of Create as it stands, kept on this device, and what is done with it from any page.
import type { DrawRequest, Job, Picture, Upload } from "@dreamgrain/server/contract";
import { create } from "zustand";
import { persist } from "zustand/middleware";
import { newKey, post } from "../api/client.ts";
import { learnJob } from "../api/use-live.ts";
import { drawnSeed, edited, type Form, freshForm, type Recall, recalled, requestOf, seedAfter } from "./form.ts";

/** A job, or one picture of any time. */
export type Shown = { readonly job: string } | { readonly picture: Picture };

interface CreateState {
  readonly form: Form;
  /** Prompts that were drawn, newest first, each once. */
  readonly history: readonly string[];
  /** The jobs that this page asked for, newest last. */
  readonly mine: readonly string[];
  /** What the stage shows; undefined for whatever was asked for last. */
  readonly shown: Shown | undefined;
}

const MOST_HISTORY = 100;

/** The form and what was drawn with it. */
export const useCreate = create<CreateState>()(
  persist<CreateState, [], [], Pick<CreateState, "form" | "history">>(
    () => ({ form: freshForm(drawnSeed()), history: [], mine: [], shown: undefined }),
    { name: "dreamgrain.create", version: 1, partialize: ({ form, history }) => ({ form, history }) },
  ),
);

/** Change fields of the form; undefined empties one. */
export function edit(changes: Parameters<typeof edited>[1]): void {
  useCreate.setState(({ form }) => ({ form: edited(form, changes) }));
}

/** Fill the form with what a picture was made from. */
export function recall(settings: DrawRequest, what: Recall): void {
  useCreate.setState(({ form }) => ({ form: recalled(form, settings, what) }));
}

/** Show this on the stage; undefined for whatever comes last. */
export function show(shown: Shown | undefined): void {
  useCreate.setState({ shown });
}

/** Draw what the form says, before the other queued jobs if told. @throws ApiError */
export async function draw(front = false): Promise<Job> {
  const { form, history } = useCreate.getState();
  const prompt = form.prompt.trim();
  useCreate.setState({
    form: { ...form, seed: seedAfter(form) },
    history: prompt === "" ? history : [prompt, ...history.filter((one) => one !== prompt)].slice(0, MOST_HISTORY),
  });
  const job = await submit(requestOf(form), { front });
  useCreate.setState(({ mine }) => ({ mine: [...mine, job.id], shown: undefined }));
  return job;
}

/** Ask for a job. The key makes a second try after a broken connection the same job. @throws ApiError */
export async function submit(
  request: DrawRequest,
  more: { readonly front?: boolean; readonly group?: string; readonly label?: string } = {},
): Promise<Job> {
  const headers = { "Idempotency-Key": newKey() };
  const body = { request, ...more };
  const job = await post<Job>("/v1/jobs", body, { headers }).catch((error: { code?: string }) => {
    if (error.code !== "unreachable") throw error;
    return post<Job>("/v1/jobs", body, { headers });
  });
  learnJob(job);
  return job;
}

/** Upload a picture to begin with, and put it into the form. @throws ApiError */
export async function beginWith(file: Blob): Promise<void> {
  const { id, url } = await post<Upload>("/v1/uploads", file, { headers: { "Content-Type": file.type } });
  edit({ image: { source: { upload: id }, url } });
}
