// The browser that tests look at pages with: Chromium as the system has it, without a screen.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Where the browser is: as CHROMIUM says, or on the PATH. @throws Error saying what to install */
function installed(): string {
  const there = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const places = (process.env.PATH ?? "").split(delimiter).flatMap((place) => NAMES.map((name) => join(place, name)));
  const found = [...(process.env.CHROMIUM ? [process.env.CHROMIUM] : []), ...places].find(there);
  if (found) return found;
  throw new Error("Tests of pages need Chromium: `apt-get install chromium`, or set CHROMIUM to where it is");
}

/** Start it. @param flags of Chromium's own */
export const launch = (...flags: string[]): Promise<Browser> =>
  chromium.launch({ executablePath: installed(), args: ["--no-sandbox", ...flags] });
