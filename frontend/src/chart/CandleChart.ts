/** The chart itself: candles, volume, dots and alert marks of one series. Knows no React. */

import {
  type CandlestickData,
  CandlestickSeries,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
  type WhitespaceData,
  createChart,
  createSeriesMarkers,
} from "lightweight-charts";
import type { Candle, Series } from "../store/candles";
import type { Ring } from "../store/ring";
import { DotPrimitive, DotStore } from "./dots";
import { alertMarks } from "./marks";
import { type Palette, chartOptions, readPalette } from "./options";

const MOST_UPDATES = 50;
const BARS_AT_FIRST = 120;
const FEWEST_PLACES = 40;

export class CandleChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volume: ISeriesApi<"Histogram">;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private readonly dotStore = new DotStore();
  private readonly dots: DotPrimitive;
  private palette: Palette = readPalette();
  private readonly held = new Set<number>();
  private lastS = Number.NEGATIVE_INFINITY;
  private alertRevision = "";

  constructor(host: HTMLElement) {
    this.chart = createChart(host, chartOptions(this.palette));
    this.candles = this.chart.addSeries(CandlestickSeries, { priceLineVisible: true });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.markers = createSeriesMarkers(this.candles, []);
    this.dots = new DotPrimitive(this.dotStore, this.palette);
    this.candles.attachPrimitive(this.dots);
    this.recolour();
  }

  remove(): void {
    this.chart.remove();
  }

  /** Take the style sheet's colours again; the next draw must be a full one. */
  recolour(): void {
    this.palette = readPalette();
    this.chart.applyOptions(chartOptions(this.palette));
    const { buy, sell } = this.palette;
    this.candles.applyOptions({
      upColor: buy,
      downColor: sell,
      wickUpColor: buy,
      wickDownColor: sell,
      borderVisible: false,
    });
    this.dots.recolour(this.palette);
    this.alertRevision = "";
  }

  /** Draw what changed in the series since it was last drawn. */
  drawCandles(series: Series): void {
    const changed = series.drain();
    if (changed === null || changed.length > MOST_UPDATES || !this.update(changed)) {
      this.setAll(series.sorted());
    }
  }

  drawDots(joins: Ring, underlying: string, intervalS: number): void {
    if (this.dotStore.follow(joins, underlying, intervalS)) this.dots.redraw();
  }

  drawAlerts(alerts: Ring, underlying: string, intervalS: number): void {
    const revision = `${alerts.revision}|${underlying}|${intervalS}|${this.held.size}`;
    if (revision === this.alertRevision) return;
    this.alertRevision = revision;
    const marks: SeriesMarker<Time>[] = alertMarks(alerts, underlying, intervalS)
      .filter((mark) => this.held.has(mark.startS))
      .map((mark) => ({
        time: mark.startS as UTCTimestamp,
        position: mark.tone === "sell" ? "aboveBar" : "belowBar",
        shape: mark.tone === "sell" ? "arrowDown" : mark.tone === "buy" ? "arrowUp" : "circle",
        color: this.palette[mark.tone],
        size: 0.9,
      }));
    this.markers.setMarkers(marks);
  }

  /** Show the newest bars, or as many as there are. */
  showNewest(): void {
    const scale = this.chart.timeScale();
    const bars = this.held.size;
    const places = Math.min(BARS_AT_FIRST, Math.max(bars, FEWEST_PLACES));
    scale.setVisibleLogicalRange({ from: bars - places, to: bars + 4 });
  }

  private setAll(all: readonly Candle[]): void {
    this.candles.setData(all.map(toBar));
    this.volume.setData(all.map((candle) => this.toVolume(candle)));
    this.held.clear();
    for (const candle of all) this.held.add(candle.startS);
    this.lastS = all.at(-1)?.startS ?? Number.NEGATIVE_INFINITY;
  }

  /** False where a bar has to be put between others, which only a full draw can do. */
  private update(changed: readonly Candle[]): boolean {
    for (const candle of changed) {
      const isOld = candle.startS < this.lastS;
      if (isOld && !this.held.has(candle.startS)) return false;
      this.candles.update(toBar(candle), isOld);
      this.volume.update(this.toVolume(candle), isOld);
      this.held.add(candle.startS);
      this.lastS = Math.max(this.lastS, candle.startS);
    }
    return true;
  }

  private toVolume(candle: Candle): HistogramData {
    const color = candle.close < candle.open ? this.palette.volumeDown : this.palette.volumeUp;
    const value = Number.isFinite(candle.volume) ? candle.volume : 0;
    return { time: candle.startS as UTCTimestamp, value, color };
  }
}

function toBar(candle: Candle): CandlestickData | WhitespaceData {
  const time = candle.startS as UTCTimestamp;
  const { open, high, low, close } = candle;
  return Number.isFinite(open + high + low + close) ? { time, open, high, low, close } : { time };
}
