// The live state: whatever the server tells, in whatever order it comes, the queue and the jobs agree.
import type { EventData, EventName, Job } from "@dreamgrain/server/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jobOf, pictureOf } from "./fixtures.ts";
import { answered, isActive, type Live, missed, nothing, queueOf, told, withPictures } from "./live.ts";

const tell = (live: Live, ...events: { [K in EventName]: [K, EventData[K]] }[EventName][]): Live =>
  events.reduce((state, [name, data]) => told(state, { name, data } as Parameters<typeof told>[1]), live);

describe("told", () => {
  const running = jobOf("a", { state: "running" });
  it("follows a job from the queue to its picture", () => {
    const progress = { picture: 0, step: 3, steps: 20, done: 0.15, secondsLeft: 1 };
    const drawing = tell(
      nothing,
      ["job", jobOf("a")],
      ["job", running],
      ["progress", { job: "a", progress }],
      ["preview", { job: "a", picture: 0, step: 3, steps: 20, image: "data:," }],
    );
    expect(drawing.jobs.a).toMatchObject({ state: "running", progress });
    expect(drawing.previews.a).toMatchObject({ step: 3, image: "data:," });
    const drawn = tell(
      drawing,
      ["picture", { job: "a", picture: pictureOf("p") }],
      ["picture", { job: "a", picture: pictureOf("p") }],
    );
    expect(drawn.jobs.a?.pictures).toHaveLength(1);
    expect(drawn.previews).toEqual({});
    const done = tell(drawn, ["job", { ...running, state: "done", pictures: [pictureOf("p")] }]);
    expect([queueOf(done), done.jobs.a?.state]).toEqual([[], "done"]);
  });

  it("lets nothing wake a job that is over", () => {
    const over = tell(nothing, ["job", { ...running, state: "cancelled" }]);
    const preview: EventData["preview"] = { job: "a", picture: 0, step: 1, steps: 2, image: "" };
    const progress: EventData["progress"] = {
      job: "a",
      progress: { picture: 0, step: 1, steps: 2, done: 0.5, secondsLeft: 1 },
    };
    expect(tell(over, ["preview", preview], ["progress", progress], ["job", running])).toEqual(over);
  });

  it("believes events before answers that they overtook", () => {
    const drawing = tell(nothing, ["job", jobOf("a")], ["job", running]);
    expect(answered(drawing, jobOf("a"))).toBe(drawing);
    expect(answered(drawing, { ...running, cancelling: true }).jobs.a?.cancelling).toBe(true);
    expect(answered(nothing, jobOf("b")).order).toEqual(["b"]);
    expect(queueOf(answered(drawing, { ...running, state: "done" }))).toEqual([]);
  });

  it("takes in what is done to pictures, and leaves other jobs as they are", () => {
    const live = tell(nothing, ["job", jobOf("a", { state: "done", pictures: [pictureOf("p")] })], ["job", jobOf("b")]);
    const starred = withPictures(live, (picture) => ({ ...picture, starred: true }));
    expect(starred.jobs.a?.pictures[0]?.starred).toBe(true);
    expect(starred.jobs.b).toBe(live.jobs.b);
    expect(withPictures(live, () => undefined).jobs.a?.pictures).toEqual([]);
  });

  it("reorders, and knows what a snapshot missed", () => {
    const queued = tell(nothing, ["job", running], ["job", jobOf("b")], ["job", jobOf("c")]);
    const turned = tell(queued, [
      "queue",
      {
        jobs: [
          { id: "c", position: 1, wait: 1 },
          { id: "b", position: 2, wait: 2 },
        ],
      },
    ]);
    expect(turned.order).toEqual(["a", "c", "b"]);
    expect(turned.jobs.b).toMatchObject({ position: 2, wait: 2 });
    const after = tell(turned, ["snapshot", { jobs: [jobOf("b", { state: "running" })] }]);
    expect(after.order).toEqual(["b"]);
    expect(missed(after).sort()).toEqual(["a", "c"]);
  });

  it("never has a finished job in the queue, nor an active one outside, whatever it hears of single jobs", () => {
    const event = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      state: fc.constantFrom<Job["state"]>("queued", "running", "done", "failed", "cancelled"),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const live = events.reduce(
          (state, { id, state: job }) => told(state, { name: "job", data: jobOf(id, { state: job }) }),
          nothing,
        );
        expect([...live.order].sort()).toEqual(
          Object.values(live.jobs)
            .filter(isActive)
            .map(({ id }) => id)
            .sort(),
        );
      }),
    );
  });

  it("forgets the oldest of very many finished jobs", () => {
    let live = nothing;
    for (let i = 0; i < 320; i++) live = tell(live, ["job", jobOf(`j${i}`, { state: "done", created: i })]);
    expect(Object.keys(live.jobs)).toHaveLength(300);
    expect(live.jobs.j0).toBeUndefined();
    expect(live.jobs.j319).toBeDefined();
  });
});
