/** Dark or light: what was chosen last, else what the system prefers. */

import { useCallback, useState } from "react";

export type Theme = "dark" | "light";

const KEY = "islandflow.theme";

export function initialTheme(): Theme {
  const held = readHeld();
  if (held === "dark" || held === "light") return held;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(initialTheme);
  const toggle = useCallback(() => {
    setTheme((held) => {
      const next = held === "dark" ? "light" : "dark";
      applyTheme(next);
      hold(next);
      return next;
    });
  }, []);
  return [theme, toggle];
}

// A browser may refuse storage; the theme then lasts as long as the page.
function readHeld(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function hold(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    return;
  }
}
