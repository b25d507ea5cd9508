// What every page stands in: where one can go, the theme, the sheet of keys.
import { CircleUserRound, Grid3x3, Images, Keyboard, Moon, Sparkles, SunMedium, SunMoon, Telescope } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useSettings } from "./settings.ts";

const places = [
  { href: "/", label: "Create", Icon: Sparkles },
  { href: "/gallery", label: "Gallery", Icon: Images },
  { href: "/grid", label: "Grid", Icon: Grid3x3 },
  { href: "/learn", label: "Learn", Icon: Telescope },
] as const;

/** The rail (at the foot on a phone) and the page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
  const here = (href: string): boolean => (href === "/" ? path === "/" : path.startsWith(href));
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="rail">
        <Link href="/" className="mark" aria-label="dreamgrain">
          <img src="/icon.svg" alt="" width="34" height="34" />
          <span>dreamgrain</span>
        </Link>
        <nav aria-label="Studio">
          {places.map(({ href, label, Icon }) => (
            <Link key={href} href={href} aria-current={here(href) ? "page" : undefined}>
              <Icon aria-hidden="true" />
              <span>{label}</span>
            </Link>
          ))}
        </nav>
        <div className="rail-foot">
          <ThemeButton />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

const themes = { system: SunMoon, light: SunMedium, dark: Moon } as const;

function ThemeButton() {
  const { theme, setTheme } = useSettings();
  const names = Object.keys(themes) as (keyof typeof themes)[];
  const next = names[(names.indexOf(theme) + 1) % names.length]!;
  const Icon = themes[theme];
  return (
    <button type="button" className="icon" aria-label={`Theme: ${theme}. Change to ${next}`} onClick={() => setTheme(next)}>
      <Icon aria-hidden="true" />
    </button>
  );
}
