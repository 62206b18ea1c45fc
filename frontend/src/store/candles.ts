/**
 * Candles by underlying and interval, as versioned upserts. Owns a bounded number of series and of
 * bars in each; when full, the series unused longest and the oldest bars go.
 */

import type { Cell, Columns } from "../net/protocol";

export const INTERVALS_S = [1, 5, 60, 300] as const;

const LARGEST_SERIES = 256;
const LONGEST_SERIES = 2_000;
const TRIM_SLACK = 200;

export interface Candle {
  /** Start of the interval, s since 1970 UTC. */
  startS: number;
  version: number;
  /** NaN where only volume was eligible. */
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  offExchangeVolume: number;
}

export class Series {
  readonly candles = new Map<number, Candle>();
  /** Starts changed since the last drain; null asks for a full redraw. */
  private changed: Set<number> | null = null;

  upsert(candle: Candle): void {
    const held = this.candles.get(candle.startS);
    if (held !== undefined && held.version >= candle.version) return;
    this.candles.set(candle.startS, candle);
    this.changed?.add(candle.startS);
    if (this.candles.size > LONGEST_SERIES + TRIM_SLACK) this.trim();
  }

  /** Candles in order of time. */
  sorted(): Candle[] {
    return [...this.candles.values()].sort((a, b) => a.startS - b.startS);
  }

  /** Candles changed since the last call in order of time; null: draw everything again. */
  drain(): Candle[] | null {
    const changed = this.changed;
    this.changed = new Set();
    if (changed === null) return null;
    const found = [...changed].map((startS) => this.candles.get(startS));
    return found.filter((candle) => candle !== undefined).sort((a, b) => a.startS - b.startS);
  }

  redraw(): void {
    this.changed = null;
  }

  private trim(): void {
    const starts = [...this.candles.keys()].sort((a, b) => a - b);
    for (const startS of starts.slice(0, starts.length - LONGEST_SERIES)) {
      this.candles.delete(startS);
    }
    this.redraw();
  }
}

export class CandleStore {
  private readonly series = new Map<string, Series>();

  /** The series, made when first asked for. */
  of(underlying: string, intervalS: number): Series {
    const key = `${underlying}|${intervalS}`;
    const found = this.series.get(key) ?? new Series();
    // Put last: a map keeps its order of insertion, so the first key is the one unused longest.
    this.series.delete(key);
    this.series.set(key, found);
    if (this.series.size > LARGEST_SERIES) {
      const oldest = this.series.keys().next().value;
      if (oldest !== undefined) this.series.delete(oldest);
    }
    return found;
  }

  /** Take columns of `equities.candles`, live or from history: the higher version stands. */
  apply(columns: Columns): void {
    const starts = columns.start_ts ?? [];
    starts.forEach((_, index) => {
      const cell = (name: string): Cell => columns[name]?.[index] ?? null;
      this.of(String(cell("underlying")), Number(cell("interval_s"))).upsert(toCandle(cell));
    });
  }

  clear(): void {
    this.series.clear();
  }
}

function toCandle(cell: (name: string) => Cell): Candle {
  const number = (name: string): number => {
    const value = cell(name);
    return value === null ? Number.NaN : Number(value);
  };
  return {
    startS: Math.round(Number(cell("start_ts")) / 1e9),
    version: Number(cell("version") ?? 0),
    open: number("open"),
    high: number("high"),
    low: number("low"),
    close: number("close"),
    volume: number("volume"),
    offExchangeVolume: number("off_exchange_volume"),
  };
}
