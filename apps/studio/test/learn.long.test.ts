// Learn as a person uses it: every chapter computes, in the page, what it shows, and moves when it is moved.
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launch } from "../../../test/chromium.ts";
import { complaintsOf, type Studio, startStudio } from "./real-studio.ts";

let browser: Browser;
let studio: Studio;
let context: BrowserContext;
let page: Page;
let complaints: readonly string[];

/** What a chapter takes at most, on a machine that has other things to do. */
const PATIENCE = { timeout: 120_000, interval: 200 };

beforeAll(async () => {
  [browser, studio] = await Promise.all([launch(), startStudio()]);
});
afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, serviceWorkers: "block" });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  complaints = await complaintsOf(page);
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

const open = async (chapter: string): Promise<void> => {
  await page.goto(`${studio.url}/learn/${chapter}`);
};
const slider = (name: string): Locator => page.getByRole("slider", { name });
const picture = (caption: string | RegExp): Locator =>
  page
    .locator("figure")
    .filter({ has: page.locator("figcaption", { hasText: caption }) })
    .locator("canvas");

/** The colours in a canvas, red, green and blue by turns; none while nothing has been drawn on it. */
const colours = (canvas: Locator): Promise<number[]> =>
  canvas.evaluate((element: HTMLCanvasElement) => {
    const { width, height } = element;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    copy.drawImage(element, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    return width === 1 ? [] : [...data].filter((_, i) => i % 4 !== 3);
  });
/** The root of the mean square between two pictures of one size, 0…255; infinite where there is no picture yet. */
function apart(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);
}
const mean = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0) / of.length;
/** How far neighbours are from each other, on the mean. */
const roughness = (of: readonly number[]): number => mean(of.slice(3).map((x, i) => Math.abs(x - of[i]!)));
const busy = (): Promise<number> => page.locator('[aria-busy="true"]').count();
/** Settled: nothing is under way, now and a moment later: between a choice and the work that it begins there may be a frame. */
async function settled(): Promise<void> {
  do {
    await expect.poll(busy, PATIENCE).toBe(0);
    await page.waitForTimeout(500);
  } while ((await busy()) > 0);
}
/** What an action does to `aria-busy`: whether the page said, at any time until it settled, that it was working. */
async function saidBusy(act: () => Promise<void>): Promise<boolean> {
  await page.evaluate(() => {
    const seen = window as unknown as { wasBusy: boolean };
    seen.wasBusy = false;
    new MutationObserver(() => {
      seen.wasBusy ||= document.querySelector('[aria-busy="true"]') !== null;
    }).observe(document.body, { subtree: true, attributeFilter: ["aria-busy"] });
  });
  await act();
  await page.waitForTimeout(300);
  await settled();
  return page.evaluate(() => (window as unknown as { wasBusy: boolean }).wasBusy);
}

describe("the chapters", () => {
  it("Noise: a picture drowns as the level is dragged", async () => {
    await open("noise");
    await picture("Noise on the pixels").waitFor();
    await settled();
    const at = async (time: number) => {
      await slider("How noisy").fill(`${time}`);
      await page.waitForTimeout(400);
      await settled();
      return {
        pixels: await colours(picture("Noise on the pixels")),
        decoded: await colours(picture("what they decode to")),
      };
    };
    const last = Number(await slider("How noisy").getAttribute("max"));
    expect(await saidBusy(() => slider("How noisy").fill("1"))).toBe(true);
    const [clean, half, gone] = [await at(0), await at(Math.round(last / 2)), await at(last)];
    // Without noise both are the picture; the more there is the further they are from it.
    expect(apart(clean.pixels, clean.decoded)).toBeLessThan(6);
    for (const kind of ["pixels", "decoded"] as const) {
      expect(apart(clean[kind], half[kind])).toBeGreaterThan(15);
      expect(apart(clean[kind], gone[kind])).toBeGreaterThan(apart(clean[kind], half[kind]));
    }
  });

  it("Denoise: the same seed in one step and in many, every step laid open", async () => {
    await open("denoise");
    const shelf = page.getByRole("list", { name: "The same seed in so many steps" });
    await shelf.getByRole("button").first().waitFor();
    const many = Number(await slider("Steps").inputValue());
    await settled();
    expect(await saidBusy(() => slider("Look at step").fill("1"))).toBe(true);
    const blurred = await colours(picture("The picture it expects"));
    await slider("Look at step").fill(`${many}`);
    await settled();
    expect(apart(blurred, await colours(picture("The picture it expects")))).toBeGreaterThan(5);
    await slider("Steps").fill("1");
    await expect.poll(() => shelf.getByRole("button").count(), PATIENCE).toBe(2);
    const [one, all] = [await colours(shelf.locator("canvas").nth(0)), await colours(shelf.locator("canvas").nth(1))];
    expect(apart(one, all)).toBeGreaterThan(5);
    // One step is one guess, the first guess of any walk: as bright as the picture, and smoother.
    await settled();
    expect(apart(one, blurred)).toBeLessThan(2);
    expect(Math.abs(mean(one) - mean(all))).toBeLessThan(20);
    expect(roughness(one)).toBeLessThan(roughness(all) * 0.8);
  });

  it("Words: tokens as they are typed, vectors, and who listens to whom", async () => {
    await open("words");
    await page.getByRole("textbox", { name: "Type anything" }).fill("a red boat, a dream, a red cat");
    const tokens = (who: string): Locator => page.locator(".readings > div").filter({ hasText: who }).locator(".token");
    await expect.poll(() => tokens("GPT-2").allTextContents(), PATIENCE).toContain("·dream4320");
    await expect.poll(() => tokens("CLIP").allTextContents(), PATIENCE).toContain("cat2368");
    const red = (await tokens("This model").allTextContents()).filter((text) => text.startsWith("red"));
    expect(red).toHaveLength(2);
    expect(new Set(red).size).toBe(1);
    const cells = page.getByRole("table").locator("tbody tr");
    await expect.poll(() => cells.first().locator("td").first().textContent(), PATIENCE).toBe("1.00");
    const texts = () => cells.locator("td").allTextContents();
    const alone = await texts();
    await page.getByRole("button", { name: "In this sentence" }).click();
    expect(await texts()).not.toEqual(alone);

    await settled();
    const whole = await colours(page.locator(".region canvas"));
    const words = page.locator(".listening .choices button");
    await words.filter({ hasText: "boat" }).click();
    const boat = await colours(page.locator(".region canvas"));
    await words.filter({ hasText: "red" }).first().click();
    const lit = await colours(page.locator(".region canvas"));
    expect(apart(whole, boat)).toBeGreaterThan(10);
    expect(apart(boat, lit)).toBeGreaterThan(1);
    const here = () => page.locator("#heard-here").textContent();
    const before = await here();
    await page.locator(".region").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    expect(await here()).not.toBe(before);
  });

  it("Latent space: the gallery's pictures are points, one text for all that it made", async () => {
    const gallery = await startStudio();
    try {
      const draw = (prompt: string | undefined, seed: number) =>
        fetch(`${gallery.url}/v1/jobs`, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": `latent-space-${seed}` },
          body: JSON.stringify({ request: { seed: `${seed}`, ...(prompt && { prompt }) } }),
        }).then(({ status }) => expect(status).toBe(202));
      for (const seed of [1, 2]) await draw("a lighthouse on a cliff", seed);
      await draw(undefined, 3);
      const count = async (): Promise<number> =>
        (await (await fetch(`${gallery.url}/v1/pictures/count`)).json()).count as number;
      await expect.poll(count, PATIENCE).toBe(3);
      await page.goto(`${gallery.url}/learn/latent-space`);
      await page.getByText("Of your gallery, the newest 3 pictures are among them.").waitFor();
      const points = page.locator(".points li");
      await expect.poll(() => points.count(), PATIENCE).toBe(6);
      await page.getByRole("button", { name: "The pictures" }).click();
      await expect.poll(() => points.count(), PATIENCE).toBe(8);
      await page.getByRole("button", { name: "Both, by meaning" }).click();
      await expect.poll(() => points.count(), PATIENCE).toBe(14);
      await points.locator(".words", { hasText: "lighthouse" }).press("Enter");
      const near = await page.locator(".space .bars li").allTextContents();
      expect(near.slice(0, 3).join()).toMatch(/the picture of a lighthouse on a cliff/);
      expect(await page.getByRole("combobox", { name: "From" }).locator("option").allTextContents()).toHaveLength(5);
    } finally {
      await page.goto("about:blank");
      await gallery.stop();
    }
  });

  it("Latent space: points, neighbours, and a walk between two of them", async () => {
    await open("latent-space");
    const points = page.locator(".points li");
    await expect.poll(() => points.count(), PATIENCE).toBe(8);
    const near = () => page.locator(".space .bars li").allTextContents();
    const first = await near();
    expect(first).toHaveLength(7);
    await points.nth(3).getByRole("button").press("Enter");
    expect(await near()).not.toEqual(first);
    await page.getByRole("textbox", { name: "Add a point" }).fill("a yellow boat at night");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect.poll(() => points.count(), PATIENCE).toBe(9);
    expect((await near())[0]).toMatch(/boat/);
    await expect.poll(() => page.locator(".points canvas").count(), PATIENCE).toBe(9);
    await settled();
    const between = async (words: number, noise: number) => {
      await slider("Way between the words").fill(`${words}`);
      await slider("Way between the seeds").fill(`${noise}`);
      await settled();
      return colours(picture("Between"));
    };
    const [start, middle, end] = [await between(0, 0), await between(0.5, 0.5), await between(1, 1)];
    const pictures = page.locator('section[aria-label="Between two points"] canvas');
    expect(apart(start, await colours(pictures.first()))).toBeLessThan(1);
    expect(apart(end, await colours(pictures.last()))).toBeLessThan(1);
    expect(Math.min(apart(start, middle), apart(middle, end))).toBeGreaterThan(5);
    await page.getByRole("button", { name: "The pictures" }).click();
    expect(await near()).toHaveLength(7);
    // By meaning a text finds the picture that was drawn for it sooner than most others.
    await page.getByRole("button", { name: "Both, by meaning" }).click();
    await expect.poll(() => points.count(), PATIENCE).toBe(18);
    const words = points.locator(".words");
    let [found, all] = [0, 0];
    for (const prompt of await words.allTextContents()) {
      await words.filter({ hasText: prompt }).first().press("Enter");
      const pictures = (await near()).filter((line) => line.startsWith("the picture of"));
      all++;
      if (pictures.slice(0, 3).some((line) => line.includes(prompt))) found++;
    }
    expect(found / all).toBeGreaterThan(0.5);
  });

  it("Guidance: none of it is the picture without words, 1 is what was learned", async () => {
    await open("guidance");
    await settled();
    const guided = () => colours(picture(/^Guidance [\d.]+$/));
    const strong = await guided();
    for (const [guidance, same] of [
      ["0", "No words at all"],
      ["1", "Guidance 1, as it learned"],
    ] as const) {
      await slider("Guidance").fill(guidance);
      await settled();
      expect(apart(await guided(), await colours(picture(same)))).toBeLessThan(1);
      expect(apart(await guided(), strong)).toBeGreaterThan(5);
    }
  });

  it("Picture guidance: the more noise, the less of the picture is left", async () => {
    await open("picture-guidance");
    await settled();
    const far = async (strength: number) => {
      await slider("How much noise").fill(`${strength}`);
      await settled();
      return apart(await colours(picture("Begin with")), await colours(picture(/^Repainted/)));
    };
    const [little, much] = [await far(0.1), await far(1)];
    expect(little).toBeLessThan(25);
    expect(much).toBeGreaterThan(1.5 * little);
  });

  it("Train it: the loss falls and the samples gather", async () => {
    await open("train");
    const steps = async () => Number(await page.locator("[data-steps]").textContent());
    /** How far from the ring the samples lie on average: they are the canvas's coloured dots. */
    const strays = () =>
      page.locator(".scatter").evaluate((canvas: HTMLCanvasElement) => {
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        let [sum, count] = [0, 0];
        for (let i = 0; i < width * height; i++) {
          const [r = 0, , b = 0, a = 0] = data.subarray(4 * i, 4 * i + 4);
          if (a < 200 || r - b < 80) continue; // of the accent's colour
          const [x, y] = [(i % width) - width / 2, Math.floor(i / width) - height / 2];
          sum += Math.abs(Math.hypot(x, y) / 190 - 1);
          count++;
        }
        return count > 100 ? sum / count : undefined;
      });
    await page.getByRole("button", { name: "ring" }).click();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await expect.poll(strays, PATIENCE).toBeDefined();
    const early = (await strays()) ?? 0;
    await expect.poll(steps, PATIENCE).toBeGreaterThanOrEqual(600);
    await expect.poll(strays, PATIENCE).toBeLessThan(early / 2);
    const [, from, to] = /from ([\d.]+) to ([\d.]+)/.exec(
      (await page.locator(".plot svg").getAttribute("aria-label"))!,
    )!;
    expect(Number(to)).toBeLessThan(Number(from));
    await page.getByRole("button", { name: "Pause" }).click();
    await page.waitForTimeout(300);
    const paused = await steps();
    await page.waitForTimeout(500);
    expect(await steps()).toBe(paused);
    await page.getByRole("button", { name: "Forget all" }).click();
    expect(await steps()).toBe(0);
  });
});

describe("for everybody", () => {
  const chapters = ["noise", "denoise", "words", "latent-space", "guidance", "picture-guidance", "train"];

  it.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)(
    "axe finds nothing serious, %s at %i pixels, and nothing is wider than the page",
    async (colorScheme, width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      for (const chapter of chapters) {
        await open(chapter);
        await page.locator(".lesson").first().waitFor();
        await page.getByText("For the curious").click();
        const { violations } = await new AxeBuilder({ page }).analyze();
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        expect(serious.map(({ id, nodes }) => `${chapter}: ${id} ${nodes[0]?.html}`)).toEqual([]);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over, chapter).toBeLessThanOrEqual(0);
      }
    },
  );

  it("shows the equation and the text of the files that do it", async () => {
    for (const chapter of chapters) {
      await open(chapter);
      await page.getByText("For the curious").click();
      expect(await page.locator("math").count()).toBeGreaterThan(0);
      const files = page.locator(".curious li");
      for (let i = 0; i < (await files.count()); i++) {
        await files.nth(i).locator("summary").click();
        await expect.poll(() => files.nth(i).locator("pre").textContent(), PATIENCE).toMatch(/^\/\/ .+\n/);
      }
    }
  });
});
