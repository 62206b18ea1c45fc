/** The chart with its choices: which underlying, which interval. Loads the history of a series. */

import { useEffect, useRef, useState } from "react";
import { type Page, usePage, useRevision } from "../app/page";
import type { Theme } from "../app/theme";
import { fetchCandles } from "../net/rest";
import { INTERVALS_S } from "../store/candles";
import { CandleChart } from "./CandleChart";

const LABELS: Readonly<Record<number, string>> = { 1: "1 s", 5: "5 s", 60: "1 m", 300: "5 m" };
const SHOWN_NAMES = 200;

export function ChartPanel({ theme }: { theme: Theme }) {
  const [intervalS, setIntervalS] = useState<number>(5);
  const [chosen, setChosen] = useState("");
  const underlying = useUnderlying(chosen);
  const host = useRef<HTMLDivElement>(null);
  const note = useChart(host, theme, underlying, intervalS);
  return (
    <section className="panel chart-panel" aria-label="Candle chart">
      <div className="bar">
        <h2>{underlying === "" ? "Candles" : underlying}</h2>
        <UnderlyingChoice chosen={chosen} onChoose={setChosen} />
        <div className="group" role="group" aria-label="Candle interval">
          {INTERVALS_S.map((seconds) => (
            <button
              key={seconds}
              type="button"
              className={`tab${seconds === intervalS ? " active" : ""}`}
              aria-pressed={seconds === intervalS}
              onClick={() => setIntervalS(seconds)}
            >
              {LABELS[seconds]}
            </button>
          ))}
        </div>
        <span className="note legend">● largest off-exchange print of a bar, ▲▼ alerts</span>
      </div>
      <div className="chart" ref={host} />
      {note !== "" && <p className="empty">{note}</p>}
    </section>
  );
}

interface UnderlyingChoiceProps {
  chosen: string;
  onChoose(name: string): void;
}

function UnderlyingChoice({ chosen, onChoose }: UnderlyingChoiceProps) {
  const { market } = usePage();
  useRevision((page) => page.market.activity.revision);
  return (
    <select
      aria-label="Underlying of the chart"
      value={chosen}
      onChange={(event) => onChoose(event.target.value)}
    >
      <option value="">Most active</option>
      {market.activity
        .names()
        .slice(0, SHOWN_NAMES)
        .map((name) => (
          <option key={name}>{name}</option>
        ))}
    </select>
  );
}

/**
 * The chosen one, else the most active of the filter: found after the first status and the first
 * candles, and then kept until the filter or the choice changes.
 */
function useUnderlying(chosen: string): string {
  const found = useRef({ name: "", filterRevision: -1 });
  return useRevision((page) => {
    if (chosen !== "") return chosen;
    const held = found.current;
    if (held.name === "" || held.filterRevision !== page.filterRevision) {
      const isSettled = page.market.status !== null && page.market.activity.isKnown;
      found.current = {
        name: pickUnderlying(page),
        filterRevision: isSettled ? page.filterRevision : -1,
      };
    }
    return found.current.name;
  });
}

function pickUnderlying({ market }: Page): string {
  const active = market.activity.top(market.filter);
  if (active !== "" || market.filter === null) return active;
  return [...market.filter][0] ?? "";
}

/** Keeps the chart drawn; returns what is awaited, or "". */
function useChart(
  host: React.RefObject<HTMLDivElement | null>,
  theme: Theme,
  underlying: string,
  intervalS: number,
): string {
  const { market, painter } = usePage();
  const chart = useRef<CandleChart | null>(null);
  const [isEmpty, setEmpty] = useState(true);
  const failure = useHistory(underlying, intervalS);
  useEffect(() => {
    if (host.current === null) return undefined;
    chart.current = new CandleChart(host.current);
    return () => {
      chart.current?.remove();
      chart.current = null;
    };
  }, [host]);
  useEffect(() => {
    chart.current?.recolour();
    if (underlying === "") return undefined;
    market.candles.of(underlying, intervalS).redraw();
    let barsShown = 0;
    let isFirst = true;
    return painter.add(() => {
      if (chart.current === null || (market.isPaused && !isFirst)) return;
      isFirst = false;
      const series = market.candles.of(underlying, intervalS);
      chart.current.drawCandles(series);
      chart.current.drawDots(market.view("equities.joins"), underlying, intervalS);
      chart.current.drawAlerts(market.view("flow.alerts"), underlying, intervalS);
      // History arrives after the first live bars: move to the newest once more when it does.
      const bars = series.candles.size;
      if (bars > barsShown + 10 || barsShown === 0) chart.current.showNewest();
      barsShown = bars;
      setEmpty(bars === 0);
    });
  }, [market, painter, theme, underlying, intervalS]);
  if (!isEmpty && underlying !== "") return "";
  return failure === "" ? "Waiting for the first candle." : `No candle history: ${failure}.`;
}

/** Fetch the series' past once; returns why that failed, or "". */
function useHistory(underlying: string, intervalS: number): string {
  const { market, painter } = usePage();
  const [failure, setFailure] = useState("");
  const namespace = useRevision((page) => page.market.hello?.namespace ?? "");
  useEffect(() => {
    if (underlying === "" || namespace === "") return undefined;
    const stop = new AbortController();
    setFailure("");
    fetchCandles(underlying, intervalS, stop.signal)
      .then((columns) => {
        market.candles.apply(columns);
        painter.invalidate();
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setFailure(error instanceof Error ? error.message : "unknown");
      });
    return () => stop.abort();
  }, [market, painter, underlying, intervalS, namespace]);
  return failure;
}
