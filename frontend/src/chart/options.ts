/** How the chart looks: colours from the page's style sheet, times on New York's clock. */

import {
  type ChartOptions,
  ColorType,
  CrosshairMode,
  type DeepPartial,
  TickMarkType,
  type Time,
} from "lightweight-charts";
import type { Colours } from "./dots";
import { clock, clockMinutes, day, inNewYork } from "../text/format";

export interface Palette extends Colours {
  text: string;
  grid: string;
  border: string;
  volumeUp: string;
  volumeDown: string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    buy: colour("buy"),
    sell: colour("sell"),
    even: colour("dim"),
    text: colour("dim"),
    grid: colour("rule"),
    border: colour("rule"),
    volumeUp: colour("volume-up"),
    volumeDown: colour("volume-down"),
  };
}

export function chartOptions(palette: Palette): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      // The logo would insert a style of its own, which the page's policy forbids; the credit with
      // its link stands in the status bar.
      attributionLogo: false,
      background: { type: ColorType.Solid, color: "transparent" },
      textColor: palette.text,
      fontFamily: "Inter Variable, system-ui, sans-serif",
      fontSize: 11,
    },
    grid: { vertLines: { color: palette.grid }, horzLines: { color: palette.grid } },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderColor: palette.border, scaleMargins: { top: 0.08, bottom: 0.24 } },
    timeScale: {
      borderColor: palette.border,
      timeVisible: true,
      secondsVisible: true,
      rightOffset: 4,
      minBarSpacing: 1,
      tickMarkFormatter: (time: Time, kind: TickMarkType) => tick(Number(time) * 1_000, kind),
    },
    localization: {
      timeFormatter: (time: Time) => {
        const ms = Number(time) * 1_000;
        return `${day(ms)} ${clock(ms, false)} New York`;
      },
    },
  };
}

function tick(ms: number, kind: TickMarkType): string {
  if (kind === TickMarkType.TimeWithSeconds) return clock(ms, false);
  if (kind === TickMarkType.Time) return clockMinutes(ms);
  if (kind === TickMarkType.Year) return String(inNewYork(ms).getUTCFullYear());
  return day(ms).replace(/ \d+$/, "");
}
