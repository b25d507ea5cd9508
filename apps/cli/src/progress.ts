// How a drawing goes on, on stderr: a bar and the emerging picture where there is a terminal, a few plain lines elsewhere.
import { type Model, type Pixels, preview, type Step, toPixels } from "dreamgrain/node";
import { graphicsOf, inTerminal, lively } from "./terminal.ts";

/** Tells a person how a drawing goes on. */
export interface Display {
  /** A sentence that should be read. */
  say(line: string): void;
  /** A drawing begins; `title` names it where there are several. */
  begin(title: string): void;
  step(step: Step): void;
  /** The drawing is done; its picture stays on the screen where it can. */
  end(picture: Pixels): void;
  /** Leave the terminal as it should be, in the middle of a drawing too. */
  close(): void;
}

/** Seconds between lines where nothing can be rewritten. */
const PATIENCE = 10;

/** Columns of a picture on the screen: as many as leave it room enough. */
const columnsOf = (columns: number, rows: number): number =>
  columns > 64 && rows > 40 ? 64 : columns > 32 && rows > 20 ? 32 : 0;

/** A bar such as `━━━━━━━━────────────`. */
export function bar(done: number, of: number, width = 24): string {
  const full = Math.round((width * done) / of);
  return "━".repeat(full) + "─".repeat(width - full);
}

/** Seconds as people say them: `0.8 s`, `12 s`, `3 min 20 s`. */
export function spell(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** The display that suits stderr, for pictures of one size. */
export function display(model: Model, size: Pick<Pixels, "width" | "height">, quiet = false): Display {
  const out = process.stderr;
  if (quiet) return { say() {}, begin() {}, step() {}, end() {}, close() {} };
  const alive = lively(out);
  const width = columnsOf(out.columns ?? 80, out.rows ?? 24);
  const graphics = alive && width > 0 ? graphicsOf() : "none";
  const rows = Math.min(width / 2, Math.max(1, Math.round((width * size.height) / size.width / 2)));
  const columns = Math.min(width, Math.max(1, Math.round((2 * rows * size.width) / size.height)));
  let title = "";
  let frame = false;
  let open = false;
  let steps: number[] = [];
  let told = 0;

  const draw = (picture: Pixels | undefined, line: string): void => {
    const shown = picture ? inTerminal(picture, graphics, columns, rows) : "";
    const up = frame && shown !== "" ? `\x1b[${rows}A` : "";
    out.write(`\r\x1b[K${up}${shown}${line}`);
    frame ||= shown !== "";
    open = line !== "";
  };
  const close = (): void => {
    if (open) out.write("\r\x1b[K");
    open = false;
  };

  return {
    say(line) {
      close();
      out.write(`${line}\n`);
    },
    begin(name) {
      title = name;
      frame = false;
      steps = [];
      told = performance.now();
      if (alive) draw(undefined, `${title}preparing`);
    },
    step(step) {
      const { index, steps: count, denoised } = step;
      const now = performance.now();
      steps.push(now);
      const each = steps.length > 1 ? (now - steps[0]!) / (steps.length - 1) / 1000 : undefined;
      const done = index + 1 === count;
      const left = done ? " · decoding" : each === undefined ? "" : ` · ${spell(each * (count - index - 1))} left`;
      if (alive) {
        const latents = graphics === "none" ? undefined : preview(model, denoised);
        draw(latents && toPixels(latents)[0], `${title}${bar(index + 1, count)} ${index + 1}/${count}${left}`);
      } else if (!done && now - told > PATIENCE * 1000) {
        told = now;
        out.write(`${title}step ${index + 1} of ${count}${left}\n`);
      }
    },
    end(picture) {
      if (alive) draw(graphics === "none" ? undefined : picture, "");
    },
    close,
  };
}
