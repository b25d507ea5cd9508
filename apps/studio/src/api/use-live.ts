// What the server tells while it happens, for components; `events.ts` fills it.
import type { Job, Picture } from "@dreamgrain/server/contract";
import { create } from "zustand";
import { answered, type Live, nothing, withPictures } from "./live.ts";

/** What is known. */
export const useLive = create<Live>(() => nothing);

/** Takes in a job as the server answered it. */
export const learnJob = (job: Job): void => useLive.setState((live) => answered(live, job));

/** Takes in what was done to pictures; undefined takes one away. */
export const learnPictures = (change: (picture: Picture) => Picture | undefined): void =>
  useLive.setState((live) => withPictures(live, change));
