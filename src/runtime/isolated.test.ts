// The isolated runtime: what crosses to the child, and every way in which a child can end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { trace } from "../graph/trace.ts";
import { tensor, zeros } from "../tensor/tensor.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import { fromTensors, merged } from "../weights/weights.ts";
import { EngineDied, type IsolatedOptions, type IsolatedRuntime, isolated, type Progress } from "./isolated.ts";
import { referenceRuntime } from "./reference.ts";
import { RuntimeError } from "./runtime.ts";

const reference = { engine: { name: "reference" } } as const;
const pids = new Set<number>();

function start(options: IsolatedOptions = reference): IsolatedRuntime {
  const runtime = isolated(options);
  onTestFinished(() => runtime[Symbol.asyncDispose]());
  return runtime;
}
/** The child's process id, remembered for the check at the end that none is left. */
function pidOf(runtime: IsolatedRuntime): number {
  const { pid } = runtime;
  if (pid === undefined) throw new Error("there is no child");
  pids.add(pid);
  return pid;
}
function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(50);
  expect(condition(), what).toBe(true);
}

const double = trace({ x: [2] }, (_, { x }) => ({ y: x.mul(2) }));
const scaled = trace({ x: [2] }, (p, { x }) => ({
  y: x.mul(p.get("gain", [2], () => new Float32Array(2))).add(p.get("shift", [2], () => new Float32Array(2))),
}));
const x = tensor([1, -3], [2]);
/** Minutes of work for the reference runtime. */
const slow = trace({ a: [1600, 1600] }, (_, { a }) => {
  let y = a;
  for (let i = 0; i < 50; i++) y = y.matmul(a);
  return { y };
});
const big = zeros([1600, 1600]);

/** A slow run that is under way in the child. */
async function underWay(options: IsolatedOptions = reference) {
  let running = (): void => {};
  const begun = new Promise<void>((resolve) => {
    running = resolve;
  });
  const onProgress = ({ phase, done }: Progress): void => {
    if (phase === "run" && !done) running();
  };
  const runtime = start({ ...options, onProgress });
  const program = await runtime.compile(slow);
  const result = program.run({ a: big }).then(
    () => "finished",
    (error: unknown) => error,
  );
  await begun;
  return { runtime, program, result, pid: pidOf(runtime) };
}

afterAll(async () => {
  for (const pid of pids) await eventually(() => !alive(pid), `child ${pid} is gone`);
});

describe("what crosses", () => {
  it("runs on ONNX Runtime, several programs in one child", async () => {
    const runtime = start({});
    const [first, second] = await Promise.all([runtime.compile(double), runtime.compile(scaled)]);
    const pid = pidOf(runtime);
    expect(await first.run({ x })).toEqual({ y: tensor([2, -6], [2]) });
    const params = { gain: tensor([10, 100], [2]), shift: tensor([1, 1], [2]) };
    expect(await second.run({ x }, params)).toEqual({ y: tensor([11, -299], [2]) });
    expect(runtime.pid).toBe(pid);
    expect(pid).not.toBe(process.pid);
  });
  for (const name of ["ort-node", "reference"] as const)
    it(`takes weights from files and from memory: ${name}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "dreamgrain-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const path = join(folder, "w.safetensors");
      await writeSafetensors(path, { gain: { dtype: "f16", shape: [2], data: Uint16Array.of(0x4200, 0x3800) } }); // 3, 0.5
      const weights = merged(await openSafetensors(path), fromTensors({ shift: tensor([1, 2], [2]) }));
      const runtime = start({ engine: { name } });
      const program = await runtime.compile(scaled, weights);
      pidOf(runtime);
      expect(await program.run({ x })).toEqual({ y: tensor([4, 0.5], [2]) });
    });
  it("sends only what a view shows, and keeps values to the bit", async () => {
    const program = await start().compile(trace({ x: [3] }, (_, v) => ({ y: v.x })));
    const data = Float32Array.of(9, 1e-45, Number.NaN, -0, 9).subarray(1, 4);
    expect((await program.run({ x: tensor(data, [3]) })).y.data).toEqual(data);
  });
  it("releases a program", async () => {
    const program = await start().compile(double);
    await program[Symbol.asyncDispose]();
    await expect(program.run({ x })).rejects.toThrow("released");
  });
  it("reports progress", async () => {
    const seen: Progress[] = [];
    const program = await start({ ...reference, onProgress: (p) => seen.push(p) }).compile(double);
    await program.run({ x });
    expect(seen.map(({ phase, done }) => `${phase} ${done}`)).toEqual(
      ["start", "compile", "run"].flatMap((phase) => [`${phase} false`, `${phase} true`]),
    );
    expect(seen.every(({ seconds, memory }) => seconds >= 0 && memory > 1e6)).toBe(true);
  });
});

describe("errors", () => {
  const here = referenceRuntime();
  const failure = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => new Error("nothing failed"),
      (e: Error) => e,
    );
  it("are those of a runtime in process", async () => {
    const there = start();
    const [a, b] = [await here.compile(scaled), await there.compile(scaled)];
    const params = { gain: x, shift: x };
    const gone = { dtype: "f32", shape: [3], data: new Float32Array(3) } as const;
    const wrong: [object, Record<string, typeof x> | undefined][] = [
      [{}, params],
      [{ x, z: x }, params],
      [{ x: gone }, params],
      [{ x: { ...x, dtype: "f64", data: new Float64Array(2) } }, params],
      [{ x }, undefined],
      [{ x }, { gain: x }],
    ];
    for (const [inputs, given] of wrong) {
      const [p, q] = [
        await failure(a.run(inputs as { x: typeof x }, given)),
        await failure(b.run(inputs as { x: typeof x }, given)),
      ];
      expect(p).toBeInstanceOf(RuntimeError);
      expect(q).toBeInstanceOf(RuntimeError);
      expect(q.message).toBe(p.message);
    }
    const [p, q] = [
      await failure(here.compile(scaled, fromTensors({}))),
      await failure(there.compile(scaled, fromTensors({}))),
    ];
    expect([q.name, q.message]).toEqual([p.name, p.message]);
    expect(await b.run({ x }, params), "it still works").toEqual(await a.run({ x }, params));
  });
  it("cross from the child with their class", async () => {
    const look = trace({ t: [2, 1], ids: { shape: [1], dtype: "i32" } }, (_, v) => ({ y: v.t.gather(v.ids) }));
    const program = await start().compile(look);
    const ids = { dtype: "i32", shape: [1], data: Int32Array.of(2) } as const;
    const error = await failure(program.run({ t: tensor([1, 2], [2, 1]), ids }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe("gather: id 2 is outside 0…1");
  });
  it("tell of a file that became shorter", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dreamgrain-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "w.safetensors");
    await writeSafetensors(path, { gain: x, shift: x });
    const weights = await openSafetensors(path);
    await writeFile(path, "short");
    await expect(start().compile(scaled, weights)).rejects.toThrow(/ends at byte 128, in the middle of a read/);
  });
});

describe("soft cancel", () => {
  it("drops calls that wait, finishes the one under way and leaves the child to others", async () => {
    const runtime = start();
    const program = await runtime.compile(double);
    const stop = new AbortController();
    const { signal } = stop;
    const calls = [1, 2, 3].map(() => program.run({ x }, undefined, { signal }));
    const other = program.run({ x });
    stop.abort(new Error("changed my mind"));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map((o) => o.status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toBe(signal.reason);
    expect(await other).toEqual({ y: tensor([2, -6], [2]) });
    await expect(program.run({ x }, undefined, { signal })).rejects.toBe(signal.reason);
    await expect(runtime.compile(double, undefined, { signal })).rejects.toBe(signal.reason);
  });
  it("can be given once for everything a runtime does", async () => {
    const stop = new AbortController();
    const program = await start({ ...reference, signal: stop.signal }).compile(double);
    await program.run({ x });
    stop.abort();
    await expect(program.run({ x })).rejects.toThrow("abort");
  });
});

describe("the end of a child", () => {
  it("by kill(), in the middle of a run: all its calls reject, the next compile starts another", async () => {
    const { runtime, program, result, pid } = await underWay();
    const waiting = program.run({ a: big }).catch((error: unknown) => error);
    await runtime.kill();
    expect(alive(pid)).toBe(false);
    for (const error of [await result, await waiting]) {
      expect(error).toBeInstanceOf(EngineDied);
      expect(error).toMatchObject({ reason: "killed", message: expect.stringContaining("during run, as asked") });
    }
    await expect(program.run({ a: big })).rejects.toBeInstanceOf(EngineDied);
    const next = await runtime.compile(double);
    expect(pidOf(runtime)).not.toBe(pid);
    expect(await next.run({ x })).toEqual({ y: tensor([2, -6], [2]) });
    await program[Symbol.asyncDispose](); // the old program, gone already
  });
  it("by disposing, in the middle of a run", async () => {
    const { runtime, result, pid } = await underWay();
    await runtime[Symbol.asyncDispose]();
    expect(await result).toMatchObject({ reason: "killed" });
    expect(alive(pid)).toBe(false);
  });
  it("by SIGKILL from outside: probably memory, and not a hang", async () => {
    const { runtime, result, pid } = await underWay();
    process.kill(pid, "SIGKILL");
    const error = await result;
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error).toMatchObject({ reason: "memory" });
    expect(`${error}`).toMatch(/died during run \(killed by SIGKILL\).*memory.*Compile again/s);
    expect(await (await runtime.compile(double)).run({ x })).toEqual({ y: tensor([2, -6], [2]) });
    pidOf(runtime);
  });
  it("by a crash, idle: the next call on its program tells", async () => {
    const runtime = start();
    const program = await runtime.compile(double);
    const pid = pidOf(runtime);
    process.kill(pid, "SIGSEGV");
    await eventually(() => runtime.pid === undefined, "the runtime noticed");
    await expect(program.run({ x })).rejects.toMatchObject({
      reason: "crashed",
      message: expect.stringContaining("SIGSEGV"),
    });
  });
  it("before it can start: the error has what it wrote to stderr", async () => {
    const before = process.env.NODE_OPTIONS;
    process.env.NODE_OPTIONS = "--require=/nowhere/missing.cjs";
    try {
      const error = await start()
        .compile(double)
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ reason: "crashed", stderr: expect.stringContaining("missing.cjs") });
      expect(`${error}`).toMatch(/exit code 1.*missing\.cjs/s);
    } finally {
      if (before === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = before;
    }
  });
  it("not by Ctrl-C, which the parent answers", async () => {
    const runtime = start();
    const program = await runtime.compile(double);
    process.kill(pidOf(runtime), "SIGINT");
    await sleep(100);
    expect(await program.run({ x })).toEqual({ y: tensor([2, -6], [2]) });
  });
});

describe("the end of the parent", () => {
  /** A parent of its own that prints its child's process id, then does as told. */
  async function parent(then: string) {
    const at = (path: string): string => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href);
    const source = `
      const { isolated } = await import(${at("runtime/isolated.js")});
      const { trace } = await import(${at("graph/trace.js")});
      const runtime = isolated({ engine: { name: "reference" }, onProgress: (p) => {
        if (p.phase === "run" && !p.done) console.log(runtime.pid);
      } });
      const program = await runtime.compile(trace({ a: [1600, 1600] }, (_, { a }) => {
        let y = a;
        for (let i = 0; i < 50; i++) y = y.matmul(a);
        return { y };
      }));
      ${then}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    const exit = once(child, "exit");
    return {
      child,
      exit,
      async pid() {
        await eventually(() => out.includes("\n"), "the parent told");
        pids.add(Number(out));
        return Number(out);
      },
    };
  }
  it("by SIGKILL in the middle of a run leaves no orphan", async () => {
    const { child, exit, pid } = await parent(
      `await program.run({ a: { dtype: "f32", shape: [1600, 1600], data: new Float32Array(1600 * 1600) } });`,
    );
    const engine = await pid();
    expect(alive(engine)).toBe(true);
    child.kill("SIGKILL");
    await exit;
    await eventually(() => !alive(engine), "the engine is gone too");
  });
  it("comes by itself when only an idle child is left, and takes it along", async () => {
    const { exit, pid } = await parent("console.log(runtime.pid);");
    const engine = await pid();
    expect(await exit).toEqual([0, null]);
    await eventually(() => !alive(engine), "the engine is gone too");
  });
});
