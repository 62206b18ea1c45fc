/**
 * Off-exchange prints on the chart: the largest one of each bar as a circle. Owns a bounded number
 * of circles, drawn in one pass; their size follows the notional and never hides the candles.
 */

import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";
import type { Ring } from "../store/ring";
import { type Tone, placementMark } from "../text/words";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

export interface Dot {
  startS: number;
  price: number;
  notional: number;
  tone: Tone;
}

const MOST_DOTS = 600;
const SMALLEST_PX = 2;
const LARGEST_PX = 11;
/** Notional drawn at the largest size; smaller ones shrink with the square root. */
const FULL_SIZE_USD = 5_000_000;

/** The largest off-exchange print of each bar of one underlying. */
export class DotStore {
  readonly dots = new Map<number, Dot>();
  private index = 0;
  private key = "";

  /** Take what came since the last call; another series starts over. True if anything changed. */
  follow(ring: Ring, underlying: string, intervalS: number): boolean {
    const key = `${underlying}|${intervalS}`;
    const isOther = key !== this.key || this.index > ring.total;
    if (isOther) {
      this.dots.clear();
      this.key = key;
      this.index = 0;
    }
    let hasChanged = isOther;
    const oldest = Math.max(this.index, ring.total - ring.length);
    for (let index = oldest; index < ring.total; index += 1) {
      const slot = ring.slotByIndex(index);
      const isOf = ring.text("underlying", slot) === underlying;
      if (!isOf || !ring.isSet("off_exchange", slot)) continue;
      hasChanged = this.take(ring, slot, intervalS) || hasChanged;
    }
    this.index = ring.total;
    return hasChanged;
  }

  private take(ring: Ring, slot: number, intervalS: number): boolean {
    const startS = Math.floor(ring.number("event_ts", slot) / 1_000 / intervalS) * intervalS;
    const price = ring.number("price", slot);
    const notional = ring.number("notional", slot);
    const held = this.dots.get(startS);
    if (!Number.isFinite(startS + price) || (held !== undefined && held.notional >= notional)) {
      return false;
    }
    this.dots.set(startS, {
      startS,
      price,
      notional,
      tone: placementMark(ring.text("placement", slot)).tone,
    });
    if (this.dots.size > MOST_DOTS) this.dots.delete(Math.min(...this.dots.keys()));
    return true;
  }
}

export type Colours = Readonly<Record<Tone, string>>;

/** Draws the dots of a store over a series. */
export class DotPrimitive implements ISeriesPrimitive<Time>, IPrimitivePaneView {
  private attachment: SeriesAttachedParameter<Time> | null = null;

  constructor(
    private readonly store: DotStore,
    private colours: Colours,
  ) {}

  attached(attachment: SeriesAttachedParameter<Time>): void {
    this.attachment = attachment;
  }

  detached(): void {
    this.attachment = null;
  }

  recolour(colours: Colours): void {
    this.colours = colours;
  }

  redraw(): void {
    this.attachment?.requestUpdate();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this];
  }

  zOrder(): "bottom" {
    return "bottom";
  }

  renderer(): IPrimitivePaneRenderer {
    return { draw: (target) => this.draw(target) };
  }

  private draw(target: Target): void {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      context.globalAlpha = 0.5;
      for (const dot of this.store.dots.values()) this.drawDot(context, dot, mediaSize.width);
      context.globalAlpha = 1;
    });
  }

  private drawDot(context: CanvasRenderingContext2D, dot: Dot, width: number): void {
    const chart = this.attachment?.chart;
    const x = chart?.timeScale().timeToCoordinate(dot.startS as UTCTimestamp) ?? null;
    const y = this.attachment?.series.priceToCoordinate(dot.price) ?? null;
    if (x === null || y === null || x < -LARGEST_PX || x > width + LARGEST_PX) return;
    context.beginPath();
    context.fillStyle = this.colours[dot.tone];
    context.arc(x, y, this.radius(dot.notional), 0, 2 * Math.PI);
    context.fill();
  }

  private radius(notional: number): number {
    const spacing = this.attachment?.chart.timeScale().options().barSpacing ?? 6;
    const largest = Math.min(LARGEST_PX, 1.5 * spacing);
    const share = Math.sqrt(Math.min(1, notional / FULL_SIZE_USD));
    return Math.max(SMALLEST_PX, share * largest);
  }
}
