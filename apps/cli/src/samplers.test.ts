// The list of samplers and schedules: everything is in it, and everything in it is understood.
import { samplers, schedules, walkNamed } from "dreamgrain";
import { describe, expect, it } from "vitest";
import { jsonLines, tables } from "./samplers.ts";

type Line = Readonly<Record<string, unknown>> & { readonly aliases: readonly string[] };
const lines = (): Line[] =>
  jsonLines()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("dreamgrain samplers", () => {
  it("lists every sampler and every schedule, as JSON one to a line", () => {
    expect(lines().flatMap(({ sampler }) => sampler ?? [])).toEqual(Object.keys(samplers));
    expect(lines().flatMap(({ schedule }) => schedule ?? [])).toEqual(Object.keys(schedules));
    expect(lines().find(({ sampler }) => sampler === "heun")).toEqual({
      sampler: "heun",
      title: "Heun",
      calls: 2,
      random: false,
      cite: expect.stringContaining("arXiv:2206.00364"),
      aliases: expect.arrayContaining(["k_heun"]),
    });
  });

  it("lists no name that is not understood", () => {
    for (const { sampler, aliases } of lines().filter((line) => "sampler" in line))
      for (const alias of aliases) expect(walkNamed(alias)).toEqual({ sampler });
  });

  it("sets them out as tables, with what each costs and whether it draws noise", () => {
    const text = tables();
    expect(text).toMatch(
      /^sampler +title +calls a step +noise +source +also called\neuler +Euler +1 +Karras et al\. 2022/,
    );
    expect(text).toMatch(/^dpmpp_sde +DPM\+\+ SDE +2 +fresh +crowsonkb.* +k_dpmpp_sde, /m);
    expect(text).toMatch(/^leading +Leading +DDIM, ddim_uniform$/m);
    expect(text.split("\n")).toHaveLength(2 + Object.keys(samplers).length + Object.keys(schedules).length + 3);
  });
});
