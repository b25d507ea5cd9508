// Jobs and pictures for the tests of pure functions.
import type { Job, Picture, Settings } from "@dreamgrain/server/contract";

const settings: Settings = {
  ...{ model: "m", prompt: "a boat", seed: "7", count: 1, width: 64, height: 48, steps: 20, guidance: 3, rescale: 0 },
  ...{ sampler: "euler", schedule: "trailing", shift: 1, clipSkip: 1, rng: "cpu" },
};

/** A queued job of this id. */
export const jobOf = (id: string, more: Partial<Job> = {}): Job => ({
  ...{
    id,
    state: "queued",
    created: 1,
    started: null,
    finished: null,
    settings,
    group: null,
    label: null,
    price: 1000,
    charged: null,
  },
  ...{
    seconds: 1,
    position: 1,
    wait: 0,
    progress: null,
    cancelling: false,
    attempt: 1,
    pictures: [],
    notices: [],
    error: null,
  },
  ...more,
});

/** A picture of this id. */
export const pictureOf = (id: string, more: Partial<Picture> = {}): Picture => ({
  ...{
    id,
    job: null,
    index: 0,
    created: 1,
    url: `/p/${id}`,
    thumbnail: `/t/${id}`,
    width: 64,
    height: 48,
    bytes: 9,
    sha256: "0",
  },
  ...{ settings, modelHash: "h", seconds: 1, price: 1000, starred: false, deleted: null, group: null, notices: [] },
  ...more,
});
