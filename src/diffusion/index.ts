// What diffusion is: denoisers, guidance, noise levels and samplers, on plain host tensors and without any network.
//
//   const sigmas = karras(vpTable(), 20);
//   const denoiserFor = (context) => denoiser((x, time) => unet(x, time, context), predictions.epsilon, sigmas.time);
//   const denoise = guided(denoiserFor(prompt), denoiserFor(negative), { scale: 7.5 });
//   const x = scale(cpuGenerator(seed).randn([1, 4, 64, 64]), sigmas.start);
//   for await (const { index, denoised } of dpmpp2m(denoise, x, sigmas)) show(index, denoised);
export {
  cpuGenerator,
  cudaGenerator,
  type Noise,
  numpyGenerator,
  perImage,
  type Random,
  type Seed,
} from "../tensor/random.ts";
export * from "./denoise.ts";
export * from "./forward.ts";
export * from "./guidance.ts";
export * from "./guidance-picture.ts";
export * from "./inpaint.ts";
export * from "./noise-table.ts";
export * from "./registry.ts";
export * from "./samplers.ts";
export * from "./samplers-consistency.ts";
export * from "./samplers-multistep.ts";
export * from "./samplers-singlestep.ts";
export * from "./schedules.ts";
export * from "./sigmas.ts";
export * from "./variation.ts";
