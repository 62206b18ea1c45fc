import { describe, expect, it } from "vitest";
import type { Columns, Hello, Rows } from "../net/protocol";
import { Market } from "./market";

function rows(channel: Rows["channel"], columns: Columns): Rows {
  const count = Object.values(columns)[0]?.length ?? 0;
  return { type: "rows", channel, columns, rows: count, skipped: 0, cursor: "0:0" };
}

function prints(underlying: string, seqs: number[]): Rows {
  return rows("options.placed", {
    seq: seqs,
    underlying: seqs.map(() => underlying),
    price: seqs.map((seq) => seq / 100),
  });
}

function candle(underlying: string, startS: number, version: number, close: number | null, intervalS = 60): Rows {
  return rows("equities.candles", {
    underlying: [underlying],
    interval_s: [intervalS],
    start_ts: [`${startS}000000000`],
    version: [version],
    open: [1],
    high: [2],
    low: [1],
    close: [close],
    volume: [100],
    notional: [100 * (close ?? 0)],
  });
}

const hello = (namespace: string): Hello => ({
  type: "hello",
  namespace,
  feed: "f",
  is_synthetic: true,
  channels: [],
});

describe("a market", () => {
  it("takes each sequence number of an underlying once", () => {
    const market = new Market();
    market.apply(prints("IBM", [1, 2, 3]));
    market.apply(prints("SPY", [2]));
    market.apply(prints("IBM", [2, 3, 4]));
    expect(market.view("options.placed").total).toBe(5);
    expect(market.counters.repeated).toBe(2);
  });

  it("freezes what is drawn while the buffers keep filling", () => {
    const market = new Market();
    market.apply(prints("IBM", [1, 2]));
    market.pause();
    market.apply(prints("IBM", [3, 4, 5]));
    expect(market.view("options.placed").total).toBe(2);
    expect(market.newSincePause("options.placed")).toBe(3);
    market.resume();
    expect(market.view("options.placed").total).toBe(5);
    expect(market.newSincePause("options.placed")).toBe(0);
  });

  it("starts over when the gateway shows another run, and only then", () => {
    const market = new Market();
    market.apply(hello("one"));
    market.apply(prints("IBM", [1]));
    market.apply({ type: "gap", channel: "options.placed", rows: 7 });
    market.apply(hello("one"));
    expect(market.view("options.placed").total).toBe(1);
    market.apply(hello("two"));
    expect(market.view("options.placed").length).toBe(0);
    expect(market.counters.gaps).toBe(0);
    market.apply(prints("IBM", [1]));
    expect(market.view("options.placed").length).toBe(1);
  });

  it("counts gaps and what was skipped", () => {
    const market = new Market();
    market.apply({ ...prints("IBM", [1]), skipped: 4 });
    market.apply({ type: "gap", channel: "flow.packets", rows: 9 });
    expect(market.counters).toMatchObject({ skipped: 4, gaps: 1, gapRows: 9 });
  });
});

describe("candles", () => {
  it("stand in their highest version, in order of time", () => {
    const market = new Market();
    market.apply(candle("IBM", 120, 0, 1.5));
    market.apply(candle("IBM", 60, 3, 1.2));
    market.apply(candle("IBM", 60, 2, 9.9));
    const series = market.candles.of("IBM", 60);
    expect(series.sorted().map((held) => [held.startS, held.close])).toEqual([
      [60, 1.2],
      [120, 1.5],
    ]);
  });

  it("are drained once, after a first full draw", () => {
    const market = new Market();
    market.apply(candle("IBM", 60, 0, 1.2));
    const series = market.candles.of("IBM", 60);
    expect(series.drain()).toBeNull();
    expect(series.drain()).toEqual([]);
    market.apply(candle("IBM", 60, 1, 1.3));
    expect(series.drain()?.map((held) => held.close)).toEqual([1.3]);
  });

  it("hold a bounded number of bars", () => {
    const market = new Market();
    for (let bar = 1; bar <= 2_500; bar += 1) market.apply(candle("IBM", bar * 60, 0, 1));
    const series = market.candles.of("IBM", 60);
    expect(series.candles.size).toBeLessThanOrEqual(2_200);
    expect(series.sorted().at(-1)?.startS).toBe(150_000);
  });

  it("say which underlying is most active, without counting versions twice", () => {
    const market = new Market();
    for (let version = 0; version < 5; version += 1) market.apply(candle("SPY", 60, version, 1, 5));
    expect(market.activity.isKnown).toBe(true);
    market.apply(candle("IBM", 60, 0, 3, 5));
    expect(market.activity.top(null)).toBe("IBM");
    expect(market.activity.top(new Set(["SPY"]))).toBe("SPY");
    expect(market.activity.top(new Set(["QQQ"]))).toBe("");
  });
});
