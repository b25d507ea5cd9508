// Every sampler: its names in the world, what it costs, and where it comes from.
import type { Named } from "./registry.ts";
import { ddim, ddpm, euler, eulerAncestral, heun, type Sampler } from "./samplers.ts";
import { lcm, tcd } from "./samplers-consistency.ts";
import {
  dpmpp2m,
  dpmpp2mSde,
  dpmpp2mSdeHeun,
  dpmpp3m,
  dpmpp3mSde,
  lms,
  plms,
  unipc,
  unipc3,
  unipcBh1,
} from "./samplers-multistep.ts";
import { dpm2, dpm2Ancestral, dpmpp2s, dpmpp2sAncestral, dpmppSde } from "./samplers-singlestep.ts";
import { type Convention, conventions } from "./schedules.ts";

/** A sampler, and what is to be known about it. */
export interface SamplerEntry extends Named {
  readonly sample: Sampler;
  /** What diffusers' scheduler of this name does with a schedule: pass it on to get diffusers' pictures. */
  readonly convention: Convention;
  /** Whether it adds fresh noise at each step, by default. */
  readonly random: boolean;
  /** Calls of the denoiser per step (the last may need fewer; PLMS needs one more, at the first). */
  readonly calls: number;
  readonly cite: string;
}

const { ddim: alphas, ddpm: toTheEnd, euler: sigmas, dpm } = conventions;

/** Every sampler, with how it is called and what it costs. */
export const samplers = {
  euler: {
    title: "Euler",
    sample: euler,
    convention: sigmas,
    random: false,
    calls: 1,
    cite: "Karras et al. 2022, arXiv:2206.00364, algorithm 1",
    aliases: ["k_euler", "sample_euler", "EulerDiscreteScheduler"],
  },
  euler_a: {
    title: "Euler a",
    sample: eulerAncestral,
    convention: sigmas,
    random: true,
    calls: 1,
    cite: "crowsonkb/k-diffusion, sample_euler_ancestral",
    aliases: [
      "euler_ancestral",
      "k_euler_a",
      "k_euler_ancestral",
      "sample_euler_ancestral",
      "EulerAncestralDiscreteScheduler",
    ],
  },
  heun: {
    title: "Heun",
    sample: heun,
    convention: sigmas,
    random: false,
    calls: 2,
    cite: "Karras et al. 2022, arXiv:2206.00364, algorithm 1",
    aliases: ["k_heun", "sample_heun", "HeunDiscreteScheduler"],
  },
  lms: {
    title: "LMS",
    sample: lms,
    convention: sigmas,
    random: false,
    calls: 1,
    cite: "crowsonkb/k-diffusion, sample_lms",
    aliases: ["k_lms", "sample_lms", "LMSDiscreteScheduler"],
  },
  dpm2: {
    title: "DPM2",
    sample: dpm2,
    convention: sigmas,
    random: false,
    calls: 2,
    cite: "Lu et al. 2022, arXiv:2206.00927, algorithm 1; crowsonkb/k-diffusion, sample_dpm_2",
    aliases: ["k_dpm_2", "sample_dpm_2", "kdpm_2", "KDPM2DiscreteScheduler"],
  },
  dpm2_a: {
    title: "DPM2 a",
    sample: dpm2Ancestral,
    convention: sigmas,
    random: true,
    calls: 2,
    cite: "crowsonkb/k-diffusion, sample_dpm_2_ancestral",
    aliases: [
      "dpm_2_ancestral",
      "k_dpm_2_a",
      "k_dpm_2_ancestral",
      "sample_dpm_2_ancestral",
      "kdpm_2_a",
      "KDPM2AncestralDiscreteScheduler",
    ],
  },
  dpmpp2m: {
    title: "DPM++ 2M",
    sample: dpmpp2m,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Lu et al. 2022, arXiv:2211.01095, algorithm 2",
    aliases: ["k_dpmpp_2m", "sample_dpmpp_2m", "DPMSolverMultistepScheduler"],
  },
  dpmpp2m_sde: {
    title: "DPM++ 2M SDE",
    sample: dpmpp2mSde,
    convention: dpm,
    random: true,
    calls: 1,
    cite: "Lu et al. 2022, arXiv:2211.01095; crowsonkb/k-diffusion, sample_dpmpp_2m_sde",
    aliases: ["k_dpmpp_2m_sde", "sample_dpmpp_2m_sde", "dpmpp_2m_sde_gpu", "dpm++2m_sde_bt"],
  },
  dpmpp2m_sde_heun: {
    title: "DPM++ 2M SDE Heun",
    sample: dpmpp2mSdeHeun,
    convention: dpm,
    random: true,
    calls: 1,
    cite: "Lu et al. 2022, arXiv:2211.01095; crowsonkb/k-diffusion, sample_dpmpp_2m_sde",
    aliases: ["k_dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu"],
  },
  dpmpp3m: {
    title: "DPM++ 3M",
    sample: dpmpp3m,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Lu et al. 2022, arXiv:2211.01095",
    aliases: [],
  },
  dpmpp3m_sde: {
    title: "DPM++ 3M SDE",
    sample: dpmpp3mSde,
    convention: dpm,
    random: true,
    calls: 1,
    cite: "crowsonkb/k-diffusion, sample_dpmpp_3m_sde",
    aliases: ["k_dpmpp_3m_sde", "sample_dpmpp_3m_sde", "dpmpp_3m_sde_gpu"],
  },
  dpmpp2s: {
    title: "DPM++ 2S",
    sample: dpmpp2s,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Lu et al. 2022, arXiv:2211.01095, algorithm 1",
    aliases: ["DPMSolverSinglestepScheduler"],
  },
  dpmpp2s_a: {
    title: "DPM++ 2S a",
    sample: dpmpp2sAncestral,
    convention: sigmas,
    random: true,
    calls: 2,
    cite: "Lu et al. 2022, arXiv:2211.01095, algorithm 1; crowsonkb/k-diffusion, sample_dpmpp_2s_ancestral",
    aliases: ["dpmpp_2s_ancestral", "k_dpmpp_2s_a", "k_dpmpp_2s_ancestral", "sample_dpmpp_2s_ancestral"],
  },
  dpmpp_sde: {
    title: "DPM++ SDE",
    sample: dpmppSde,
    convention: sigmas,
    random: true,
    calls: 2,
    cite: "crowsonkb/k-diffusion, sample_dpmpp_sde",
    aliases: ["k_dpmpp_sde", "sample_dpmpp_sde", "dpmpp_sde_gpu", "DPMSolverSDEScheduler"],
  },
  ddim: {
    title: "DDIM",
    sample: ddim,
    convention: alphas,
    random: false,
    calls: 1,
    cite: "Song et al. 2021, arXiv:2010.02502, eq. 12",
    aliases: ["DDIMScheduler"],
  },
  ddpm: {
    title: "DDPM",
    sample: ddpm,
    convention: toTheEnd,
    random: true,
    calls: 1,
    cite: "Ho et al. 2020, arXiv:2006.11239, eq. 6 and 7",
    aliases: ["DDPMScheduler"],
  },
  plms: {
    title: "PLMS",
    sample: plms,
    convention: alphas,
    random: false,
    calls: 1,
    cite: "Liu et al. 2022, arXiv:2202.09778",
    aliases: ["pndm", "PNDMScheduler"],
  },
  unipc: {
    title: "UniPC",
    sample: unipc,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Zhao et al. 2023, arXiv:2302.04867",
    aliases: ["UniPCMultistepScheduler"],
  },
  unipc3: {
    title: "UniPC 3",
    sample: unipc3,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Zhao et al. 2023, arXiv:2302.04867",
    aliases: ["uni_pc_bh2"],
  },
  unipc_bh1: {
    title: "UniPC bh1",
    sample: unipcBh1,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Zhao et al. 2023, arXiv:2302.04867",
    aliases: [],
  },
  lcm: {
    title: "LCM",
    sample: lcm,
    convention: toTheEnd,
    random: true,
    calls: 1,
    cite: "Luo et al. 2023, arXiv:2310.04378",
    aliases: ["sample_lcm", "LCMScheduler"],
  },
  tcd: {
    title: "TCD",
    sample: tcd,
    convention: alphas,
    random: true,
    calls: 1,
    cite: "Zheng et al. 2024, arXiv:2402.19159",
    aliases: ["TCDScheduler"],
  },
} as const satisfies Record<string, SamplerEntry>;
