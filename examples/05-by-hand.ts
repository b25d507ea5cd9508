// The same walk as `dream.draw`, each part by its own name: any of them can be swapped for another, or for one of yours.
import { writeFile } from "node:fs/promises";
import {
  cpuGenerator,
  defaultModel,
  dpmpp2m,
  encodePng,
  engine,
  finish,
  guided,
  isolated,
  karras,
  latentShape,
  openModel,
  scale,
  toPixels,
} from "dreamgrain/node";

const model = await openModel(await defaultModel());
await using runtime = isolated();
await using networks = engine(model, runtime);

const sigmas = karras(model.table, 12);
const asked = networks.denoise(await networks.context("a castle at night"), sigmas);
const plain = networks.denoise(await networks.context("snow"), sigmas);
const denoise = guided(asked, plain, { scale: 4, interval: [0.2, 20] });

const { width, height } = model.defaults;
const noise = cpuGenerator(3).randn(latentShape(model, width, height));
const latents = await finish(dpmpp2m(denoise, scale(noise, sigmas.start), sigmas));
const [picture] = toPixels(await networks.decode(latents));
await writeFile("castle.png", encodePng(picture));
console.log(`castle.png: ${picture.width}×${picture.height} after ${sigmas.levels.length - 1} steps`);
