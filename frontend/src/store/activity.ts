/** Which underlyings trade most, from their candles. Owns a bounded count; refuses newcomers. */

import type { Columns } from "../net/protocol";
import type { Filter } from "./filter";

const MOST_UNDERLYINGS = 1_000;
const COUNTED_INTERVAL_S = 5;

export class Activity {
  /** Grows when an underlying is first seen. */
  revision = 0;
  private counted = false;
  private readonly notionals = new Map<string, Map<string, number>>();
  private readonly sums = new Map<string, number>();

  /** Add the notional of short candles; a new version of a candle replaces the old one. */
  observe(columns: Columns): void {
    columns.underlying?.forEach((underlying, index) => {
      const name = String(underlying);
      this.see(name);
      if (Number(columns.interval_s?.[index]) !== COUNTED_INTERVAL_S) return;
      this.add(name, String(columns.start_ts?.[index]), Number(columns.notional?.[index] ?? 0));
    });
  }

  /** The most active underlying the filter lets through; "" before any is known. */
  top(filter: Filter): string {
    let best = "";
    for (const [name, sum] of this.sums) {
      const isIn = filter === null || filter.has(name);
      if (isIn && (best === "" || sum > (this.sums.get(best) ?? 0))) best = name;
    }
    return best;
  }

  /** Whether any trading has been counted: before that, the most active is the first one seen. */
  get isKnown(): boolean {
    return this.counted;
  }

  names(): string[] {
    return [...this.sums.keys()].sort();
  }

  clear(): void {
    this.sums.clear();
    this.notionals.clear();
    this.counted = false;
    this.revision += 1;
  }

  private see(name: string): void {
    if (this.sums.has(name) || this.sums.size >= MOST_UNDERLYINGS) return;
    this.sums.set(name, 0);
    this.revision += 1;
  }

  private add(name: string, start: string, notional: number): void {
    const sum = this.sums.get(name);
    if (sum === undefined) return;
    const latest = this.notionals.get(name);
    // Only the candle being built is held: a late restatement of an older one changes no order.
    const before = latest?.get(start);
    if (before === undefined) this.notionals.set(name, new Map([[start, notional]]));
    else latest?.set(start, notional);
    this.counted ||= notional > 0;
    this.sums.set(name, sum + notional - (before ?? 0));
  }
}
