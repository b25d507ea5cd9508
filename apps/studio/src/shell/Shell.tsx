// What every page stands in: where one can go, the events of the server, drops, messages, the sheet of keys.
import { useQueryClient } from "@tanstack/react-query";
import {
  CircleUserRound,
  Grid3x3,
  Images,
  Keyboard,
  Moon,
  Sparkles,
  SunMedium,
  SunMoon,
  Telescope,
} from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import SignIn from "../account/SignIn.tsx";
import { listen } from "../api/events.ts";
import { useAccount, useServer } from "../api/queries.ts";
import { useLive } from "../api/use-live.ts";
import { draw } from "../create/store.ts";
import { Dropped } from "./Dropped.tsx";
import { HotkeySheet } from "./HotkeySheet.tsx";
import { useHotkeys } from "./hotkeys.ts";
import { cancelCurrent } from "./jobs.ts";
import { Notes } from "./Notes.tsx";
import { complain } from "./notes.ts";
import { set, useSettings } from "./settings.ts";
import { credits } from "./words.ts";

const places = [
  { href: "/", label: "Create", Icon: Sparkles },
  { href: "/gallery", label: "Gallery", Icon: Images },
  { href: "/grid", label: "Grid", Icon: Grid3x3 },
  { href: "/learn", label: "Learn", Icon: Telescope },
] as const;

/** The rail (at the foot on a phone) and the page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path, go] = useLocation();
  const [keys, setKeys] = useState(false);
  const { data: server, isError } = useServer();
  const account = useAccount();
  const here = (href: string): boolean => (href === "/" ? path === "/" : path.startsWith(href));
  const stranger = server?.accounts === true && account === null;
  useEvents(server !== undefined && account !== undefined && !stranger);
  const place = [...places, { href: "/account", label: "Account" }].find(({ href }) => here(href));
  useTitle(place?.label ?? "Nothing here");
  useFreshPage(place?.href ?? path);
  const drawn = (front: boolean) => (): void => {
    go("/");
    draw(front).catch(complain);
  };
  useHotkeys({
    help: () => setKeys(true),
    create: () => go("/"),
    gallery: () => go("/gallery"),
    grid: () => go("/grid"),
    learn: () => go("/learn"),
    cancel: cancelCurrent,
    focusPrompt: () => document.querySelector<HTMLElement>("[data-main-field]")?.focus(),
    ...(!stranger && { draw: drawn(false), drawFirst: drawn(true) }),
  });
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="rail">
        <Link href="/" className="mark">
          <img src="/icon.svg" alt="dreamgrain" width="34" height="34" />
        </Link>
        <nav aria-label="Studio">
          {places.map(({ href, label, Icon }) => (
            <Link key={href} href={href} aria-current={here(href) ? "page" : undefined}>
              <Icon aria-hidden="true" />
              <span>{label}</span>
            </Link>
          ))}
          {server?.accounts && (
            <Link href="/account" aria-current={here("/account") ? "page" : undefined}>
              <CircleUserRound aria-hidden="true" />
              <span>
                {account?.balance ? credits(account.balance.available).replace(/ credits?$/, " cr") : "Account"}
              </span>
            </Link>
          )}
        </nav>
        <div className="rail-foot">
          <button type="button" className="icon" aria-label="Keys" onClick={() => setKeys(true)}>
            <Keyboard aria-hidden="true" />
          </button>
          <ThemeButton />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {isError && (
          <p className="banner" role="alert">
            The server cannot be reached. Start it with <code>npm run studio</code>; this page goes on by itself.
          </p>
        )}
        {stranger && !here("/learn") ? <SignIn signUp={server.signUp} /> : children}
      </main>
      <Dropped />
      <Notes />
      <HotkeySheet open={keys} onClose={() => setKeys(false)} />
    </div>
  );
}

/** Listens to the server while the page is open and one is known. */
function useEvents(wanted: boolean): void {
  const queries = useQueryClient();
  const connected = useLive((live) => live.connected);
  useEffect(() => (wanted ? listen(queries) : undefined), [wanted, queries]);
  useEffect(() => {
    if (connected) void queries.invalidateQueries({ queryKey: ["server"] });
  }, [connected, queries]);
}

/** A new page begins at its top, and is read from there. */
function useFreshPage(place: string): void {
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [place]);
}

/** The tab tells where one is, and how far the picture is. */
function useTitle(name: string): void {
  const done = useLive((live) => {
    const job = live.order[0] === undefined ? undefined : live.jobs[live.order[0]];
    return job?.progress ? Math.floor(job.progress.done * 100) : undefined;
  });
  useEffect(() => {
    document.title = `${done === undefined ? name : `${done} %`} · dreamgrain`;
  }, [done, name]);
}

const themes = { system: SunMoon, light: SunMedium, dark: Moon } as const;

function ThemeButton() {
  const theme = useSettings((settings) => settings.theme);
  const names = Object.keys(themes) as (keyof typeof themes)[];
  const next = names[(names.indexOf(theme) + 1) % names.length] ?? "system";
  const Icon = themes[theme];
  return (
    <button
      type="button"
      className="icon"
      aria-label={`Theme: ${theme}; change to ${next}`}
      onClick={() => set({ theme: next })}
    >
      <Icon aria-hidden="true" />
    </button>
  );
}
