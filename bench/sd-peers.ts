// SD beside peers: the same checkpoint, the same size, in turn (A B A B …), each peer in its own process.
import { existsSync, readFileSync } from "node:fs";
import { engine } from "../src/pipelines/engine.ts";
import { openModel } from "../src/pipelines/load.ts";
import { settings, walk } from "../src/pipelines/text-to-image.ts";
import { ortNode } from "../src/runtime/ort-node.ts";
import { cpuGenerator } from "../src/tensor/random.ts";
import { randomCheckpoint } from "./checkpoints.ts";
import { median, record, timed } from "./measure.ts";
import { noPeers, openPeer, type Peer, type PeerDType, type PeerEngine, peerPython } from "./peer.ts";
import { nameOf, type SdOptions } from "./sd.ts";
import { noSdcpp, runSdcpp, sdcpp } from "./sdcpp.ts";

/** Processors without arithmetic in bfloat16 take six times as long with it: it is measured where there is some. */
const hasBf16 = (): boolean =>
  existsSync("/proc/cpuinfo") && /avx512_bf16|amx_bf16/.test(readFileSync("/proc/cpuinfo", "utf8"));

const peers: readonly (readonly [PeerEngine, PeerDType])[] = [
  ["diffusers", "f32"],
  ["compiled", "f32"],
  ["openvino", "f32"],
  ...(hasBf16() ? ([["diffusers", "bf16"]] as const) : []),
];
/** Rounds that count; the first does not. */
const ROUNDS = 3;

/** A guided step and a decode, ours and of each peer there is: those of the Python at hand, and stable-diffusion.cpp. */
export async function benchSdPeers(options: SdOptions): Promise<void> {
  const { folder, family, side, keep, fast = false } = options;
  if (!peerPython()) console.log(noPeers);
  if (!sdcpp()) console.log(noSdcpp);
  if (!peerPython() && !sdcpp()) return;
  const path = await randomCheckpoint(folder, family);
  const model = await openModel(path, { fast });
  const small = side / 8;
  await using runtime = await ortNode();
  await using running = engine(model, runtime);
  const contexts = [await running.context("a red boat"), await running.context("")];
  const sigmas = walk(model, settings(model, { seed: 1, width: side, height: side }));
  const denoisers = contexts.map((context) => running.denoise(context, sigmas));
  const x = cpuGenerator(1).randn([1, 4, small, small]);
  const works = {
    step: () => Promise.all(denoisers.map((denoise) => denoise(x, sigmas.start))),
    decode: () => running.decode(x),
  };
  const compare = (what: keyof typeof works, who: string, ours: number, theirs: number): void =>
    record(
      `${nameOf(options)}: ${what === "step" ? "guided step" : "decode"} beside ${who}`,
      `${ours.toFixed(2)} s, theirs ${theirs.toFixed(2)} s, ours is ${(theirs / ours).toFixed(2)} times as fast`,
      keep,
    );

  if (sdcpp()) {
    // One process draws one picture, so that turns are ours, theirs, ours.
    const before = { step: (await timed(works.step)).seconds, decode: (await timed(works.decode)).seconds };
    const theirs = await runSdcpp(path, { side: small, steps: 3, guidance: 7 });
    for (const what of ["step", "decode"] as const) {
      const after = (await timed(works[what])).seconds;
      compare(what, "stable-diffusion.cpp", (before[what] + after) / 2, theirs[what]);
    }
  }
  for (const [name, dtype] of peerPython() ? peers : []) {
    let peer: Peer;
    try {
      peer = await openPeer(name, dtype, path, family);
    } catch (error) {
      console.log(`${name} ${dtype} is not measured: ${error instanceof Error ? error.message : error}`);
      continue;
    }
    await using _ = peer;
    await peer.do({ do: "load" });
    for (const what of ["step", "decode"] as const) {
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        const mine = (await timed(works[what])).seconds;
        const { seconds } = await peer.do({ do: what, side: small });
        if (round > 0) ours.push(mine) && theirs.push(seconds);
      }
      compare(what, peer.name, median(ours), median(theirs));
    }
  }
}
