// The studio's screenshots: every view, on a desktop and a phone, light and dark, into docs/studio as small PNGs.
// `npm run studio:pictures`; with the name of a view, that one and its parts alone. It draws what it shows.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { buildStudio, startStudio } from "../apps/studio/test/real-studio.ts";
import { launch } from "../test/chromium.ts";

const folder = "docs/studio";
/** Bytes above which a screenshot gets fewer colours. */
const MOST = 100_000;

const prompts = [
  "mountains at golden hour, oil painting",
  "a nebula",
  "a forest in fog, pencil",
  "a castle on a hill at night",
  "a volcano at night",
  "a city at dusk, van gogh",
  "a blue planet, synthwave",
  "an island at sunset",
  "a lighthouse in a storm",
  "a dream of a distant galaxy",
  "a desert at dawn",
  "the moon over the sea",
  "a hot air balloon over a meadow",
  "a red sailboat at dusk, watercolor",
];

await buildStudio();
const studio = await startStudio();
const shared = await startStudio(["--accounts"]);
const browser = await launch();
await mkdir(folder, { recursive: true });

const post = async (path: string, body: object) => {
  const answer = await fetch(studio.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
};
const idle = async (): Promise<void> => {
  for (;;) {
    const { items } = await fetch(`${studio.url}/v1/jobs?state=active`).then((answer) => answer.json());
    if (items.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};
for (const prompt of prompts) {
  await post("/v1/jobs", { request: { prompt, seed: "5", count: 3 } });
  await idle();
}
const latest = async (): Promise<{ id: string }[]> =>
  (await fetch(`${studio.url}/v1/pictures?limit=100`).then((answer) => answer.json())).items;
const items = await latest();
const kept = new Set(items.map(({ id }) => id));
for (const picture of items.filter((_, i) => i % 5 === 1))
  await fetch(`${studio.url}/v1/pictures/${picture.id}`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ starred: true }),
  });

/** A chapter of Learn, once nothing in it is under way. */
async function chapter(page: Page, slug: string): Promise<void> {
  await page.goto(`${studio.url}/learn/${slug}`);
  await page.locator(".lesson").first().waitFor();
  await quiet(page);
}
/** Between two pieces of work there may be a frame in which nothing is under way: so looked at twice. */
const quiet = async (page: Page): Promise<void> => {
  const busy = page.locator('[aria-busy="true"]');
  do {
    await settle(page);
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), undefined, { timeout: 240_000 });
    await settle(page);
  } while ((await busy.count()) > 0);
};

const settle = (page: Page): Promise<unknown> => page.waitForTimeout(900);

/** What is shown, and how one gets there. */
const views: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async first(page) {
    await page.route(/\/v1\/pictures(\/count)?\?/, (route) =>
      route.fulfill({ json: { items: [], next: null, count: 0 } }),
    );
    await page.goto(studio.url);
    await page.getByText("Every picture begins as noise.").waitFor();
  },
  async create(page) {
    await page.goto(studio.url);
    await page.getByRole("textbox", { name: "Prompt" }).fill("a red sailboat at dusk, watercolor");
    await page.locator(".stage img").waitFor();
  },
  async drawing(page) {
    await page.goto(studio.url);
    await page.getByRole("textbox", { name: "Prompt" }).fill("a castle on a hill at night");
    await page.locator(".quote", { hasText: "credit" }).waitFor();
    const settings = page.getByText("Settings", { exact: true });
    if (await settings.isVisible()) await settings.click();
    await page.getByRole("textbox", { name: "Steps, exactly" }).fill("120");
    await page.keyboard.press("Tab");
    if (await settings.isVisible()) await settings.click();
    await page.locator("button.generate").click();
    await page.getByRole("textbox", { name: "Prompt" }).fill("a lighthouse in a storm");
    await page.locator("button.generate").click();
    await page.locator(".stage img.coming").waitFor();
  },
  async gallery(page) {
    await page.goto(`${studio.url}/gallery`);
    await page.locator(".tile img").first().waitFor();
  },
  async picture(page) {
    await page.goto(`${studio.url}/gallery`);
    await page.locator(".tile button").nth(4).click();
    await page.getByRole("dialog", { name: "Picture" }).getByText("Sampler").waitFor();
  },
  async compare(page) {
    await page.goto(`${studio.url}/gallery`);
    for (const at of [0, 1])
      await page
        .locator(".tile button")
        .nth(at)
        .click({ modifiers: ["Control"] });
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("dialog", { name: "Compare" }).waitFor();
  },
  async grid(page) {
    await page.goto(`${studio.url}/grid`);
    await page.getByLabel("Prompt").fill("a castle on a hill at night");
    await page.getByRole("button", { name: "Draw the grid" }).click();
    await page.getByText(/^12 of 12 drawn/).waitFor({ timeout: 120_000 });
    if ((page.viewportSize()?.width ?? 0) < 800)
      await page.locator(".sheet-figure").evaluate((figure) => figure.scrollIntoView());
  },
  async keys(page) {
    await page.goto(studio.url);
    await page.locator("button.generate").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
  },
  async "sign-in"(page) {
    await page.goto(shared.url);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
  },
  async account(page) {
    await page.goto(shared.url);
    await page.getByRole("button", { name: "Make an account" }).click();
    await page.getByLabel("Name").fill(`ada-${Date.now().toString(36)}`);
    await page.getByLabel("Password").fill("a long enough one");
    await page.getByRole("button", { name: "Make the account" }).click();
    await page.getByRole("textbox", { name: "Prompt" }).fill("a castle on a hill at night");
    await page.locator("button.generate").click();
    await page.locator(".stage img[data-picture]").waitFor();
    await page.goto(`${shared.url}/account`);
    await page.getByText("For a drawing").waitFor();
  },
  async learn(page) {
    await page.goto(`${studio.url}/learn`);
    await page.getByRole("heading", { name: "Learn" }).waitFor();
  },
  "learn-noise": (page) => chapter(page, "noise"),
  async "learn-denoise"(page) {
    await chapter(page, "denoise");
    for (const steps of ["1", "4", "10"]) {
      await page.getByRole("slider", { name: "Steps" }).fill(steps);
      await quiet(page);
    }
    await page.getByRole("slider", { name: "Look at step" }).fill("4");
    await quiet(page);
  },
  async "learn-words"(page) {
    await chapter(page, "words");
    await page.locator(".listening .choices button", { hasText: "boat" }).click();
    await page.locator(".listening").evaluate((part) => part.scrollIntoView({ block: "center" }));
  },
  async "learn-latent-space"(page) {
    await chapter(page, "latent-space");
    await page.waitForFunction(() => document.querySelectorAll(".points canvas").length >= 8, undefined, {
      timeout: 240_000,
    });
    await quiet(page);
  },
  async "learn-guidance"(page) {
    await chapter(page, "guidance");
    await page.getByRole("slider", { name: "Guidance" }).fill("8");
    await quiet(page);
  },
  "learn-picture-guidance": (page) => chapter(page, "picture-guidance"),
  async "learn-train"(page) {
    await page.goto(`${studio.url}/learn/train`);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.waitForFunction(() => Number(document.querySelector("[data-steps]")?.textContent) >= 1500, undefined, {
      timeout: 240_000,
    });
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator(".scatter").evaluate((part) => part.scrollIntoView({ block: "center" }));
  },
};

const screens = { desktop: { width: 1360, height: 860 }, phone: { width: 390, height: 844 } } as const;
const [only] = process.argv.slice(2);
for (const [screen, viewport] of Object.entries(screens))
  for (const colorScheme of ["light", "dark"] as const)
    for (const [name, open] of Object.entries(views)) {
      if (only !== undefined && name !== only && !name.startsWith(`${only}-`)) continue;
      if (screen === "phone" && name === "keys") continue;
      const context = await browser.newContext({
        viewport,
        colorScheme,
        hasTouch: screen === "phone",
        isMobile: screen === "phone",
      });
      const page = await context.newPage();
      await open(page);
      await settle(page);
      await keep(await page.screenshot(), `${name}-${screen}-${colorScheme}.png`);
      await context.close();
      await post("/v1/jobs/cancel", {});
      await idle();
      const ids = (await latest()).map(({ id }) => id).filter((id) => !kept.has(id));
      if (ids.length > 0) await post("/v1/pictures/delete", { ids });
    }
await browser.close();
await studio.stop();
await shared.stop();

/** Writes a screenshot, not wider than a page of documentation, with as many colours as its size allows. */
async function keep(png: Buffer, name: string): Promise<void> {
  let small = png;
  for (const colours of [256, 128, 64]) {
    const fitted = sharp(png).resize({ width: 1080, withoutEnlargement: true });
    small = await fitted.png({ palette: true, colours, effort: 10, dither: 0.4 }).toBuffer();
    if (small.length <= MOST) break;
  }
  await writeFile(join(folder, name), small);
  console.log(`${name} ${Math.round(small.length / 1000)} kB`);
}
