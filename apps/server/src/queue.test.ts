// The queue: what it knows of the database by what changed is what is in the database.
import { expect, it } from "vitest";
import { dice } from "../faults/harness.ts";
import { openQueue } from "./queue.ts";
import { openDatabase } from "./store/database.ts";
import { jobStore } from "./store/jobs.ts";

it("keeps up with any order of changes, and takes accounts in turn", () => {
  const db = openDatabase(":memory:");
  const jobs = jobStore(db);
  const accounts = ["a", "b", "c"];
  for (const id of accounts) db.run("INSERT INTO accounts (id, name, role, created) VALUES (?, ?, 'user', 0)", id, id);
  const queue = openQueue(jobs);
  const random = dice(7);
  const pick = (n: number): number => Math.floor(random() * n);
  const settings = {} as Parameters<typeof jobs.add>[0]["settings"];
  const about = {
    settings,
    modelHash: "",
    group: null,
    label: null,
    steps: 1,
    count: 1,
    price: 0,
    notices: [],
    created: 0,
  };
  for (let i = 0; i < 300; i++) {
    const account = accounts[pick(3)] ?? "";
    const ids = jobs.waiting(account).map(({ id }) => id);
    const id = ids[pick(ids.length)];
    const what = pick(6);
    if (what < 3 || id === undefined) jobs.add({ ...about, id: `job${i}`, account, seconds: 1 + pick(9) }, what === 0);
    else if (what === 3) jobs.begin(id);
    else if (what === 4) jobs.arrange(account, ids.toReversed());
    else jobs.end(id, { state: "cancelled", charged: 0 });
    queue.changed(account);

    const order = queue.order();
    expect(order).toEqual(openQueue(jobs).order());
    for (const place of order) expect(queue.place(place.job.id)).toEqual(place);
    expect(queue.seconds()).toBe(order.reduce((sum, { job }) => sum + job.seconds, 0));
    // Nobody is before somebody else's nth with more than n of their own.
    for (const [position, { job }] of order.entries()) {
      const before = order.slice(0, position).map((place) => place.job.account);
      const nth = before.filter((one) => one === job.account).length;
      for (const other of accounts) expect(before.filter((one) => one === other).length).toBeLessThanOrEqual(nth + 1);
    }
  }
  expect(queue.order().length).toBeGreaterThan(10);
  const first = queue.next();
  queue.changed("b");
  expect(queue.next()?.account).not.toBe(first?.account);
  db.close();
});
