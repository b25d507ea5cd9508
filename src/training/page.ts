// page: a run as a page to keep open in a browser while it goes on: loss curves and sheets, no script, one file. Node only.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { curveOf, ticks } from "./plot.ts";

/** Seconds after which the page of a run under way loads itself anew. */
const REFRESH = 10;
const [WIDTH, HEIGHT, MARGIN] = [720, 220, 46];

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#26262c, #e6e6e0); --faint: light-dark(#dedad2, #3a3a42); --line: light-dark(#2457c9, #86a8ff) }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: light-dark(#fafaf7, #18181b) }
h2 { margin: 2.5rem 0 .5rem } figure { margin: 1rem 0 } img { max-width: 100%; image-rendering: pixelated }
figcaption, text { font-size: 13px; opacity: .75; fill: var(--ink) }
.latest img { width: 100% } .earlier { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem }
svg { width: 100%; height: auto } polyline { fill: none; stroke: var(--line); stroke-width: 2 } line { stroke: var(--faint) }`;

/**
 * Write `index.html` of a run's folder from what lies there: `STAGE.jsonl` logs and `STAGE-000500.png` sheets.
 * @param running whether the page should look again by itself
 */
export async function writePage(folder: string, running: boolean): Promise<void> {
  const files = await readdir(folder);
  const stages: string[] = [];
  for (const file of files.filter((name) => name.endsWith(".jsonl")).sort()) {
    const name = file.slice(0, -".jsonl".length);
    const log = await readFile(join(folder, file), "utf8");
    const sheets = files.filter((png) => new RegExp(`^${name}-\\d+\\.png$`).test(png)).sort();
    stages.push(stage(name, log, sheets.reverse()));
  }
  const refresh = running ? `<meta http-equiv="refresh" content="${REFRESH}">` : "";
  const page = `<!doctype html><html lang="en"><meta charset="utf-8">${refresh}<meta name="viewport" content="width=device-width">
<title>dreamgrain is learning</title><style>${STYLE}</style><h1>${running ? "Learning" : "Learnt so far"}</h1>
${stages.join("\n") || "<p>Nothing has been logged yet.</p>"}</html>\n`;
  await writeFileAtomically(join(folder, "index.html"), page);
}

function stage(name: string, log: string, sheets: readonly string[]): string {
  const figure = (file: string): string => {
    const step = Number(/(\d+)\.png$/.exec(file)?.[1]);
    return `<figure><img src="${file}" alt="what the model draws after ${step} steps" loading="lazy"><figcaption>${step} steps</figcaption></figure>`;
  };
  const [latest, ...earlier] = sheets.map(figure);
  return `<section><h2>${name}</h2>${chart(curveOf(name, log).points)}
${latest === undefined ? "" : `<div class="latest">${latest}</div>`}<div class="earlier">${earlier.join("")}</div></section>`;
}

/** The loss over the steps, as SVG. */
function chart(points: readonly (readonly [x: number, y: number])[]): string {
  const axes = [0, 1].map((i) =>
    ticks(
      points.map((point) => point[i]),
      i === 0 ? 8 : 5,
    ),
  );
  const place = (value: number, [low, high]: readonly number[], from: number, to: number): number =>
    Math.round(10 * (from + ((value - low) / (high - low)) * (to - from))) / 10;
  const ends = axes.map((axis) => [axis[0], axis[axis.length - 1]]);
  const x = (value: number): number => place(value, ends[0], MARGIN, WIDTH - 24);
  const y = (value: number): number => place(value, ends[1], HEIGHT - 24, 10);
  const across = axes[0].map((at) => `<text x="${x(at)}" y="${HEIGHT - 6}" text-anchor="middle">${at}</text>`);
  const up = axes[1].map(
    (at) =>
      `<line x1="${MARGIN}" x2="${WIDTH - 24}" y1="${y(at)}" y2="${y(at)}"/><text x="${MARGIN - 6}" y="${y(at) + 4}" text-anchor="end">${at}</text>`,
  );
  const [step, loss] = points[points.length - 1];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="loss by steps, ${loss.toFixed(4)} at step ${step}">
${up.join("")}${across.join("")}<polyline points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ")}"/></svg>
<p>Loss ${loss.toFixed(4)} at step ${step}.</p>`;
}
