/** The ticker filter: what was typed, and which rows it lets through. */

import type { Ring } from "./ring";

export type Filter = ReadonlySet<string> | null;

const LARGEST_FILTER = 50;
const TICKER = /^[A-Z][A-Z0-9.]{0,9}$/;

export interface Parsed {
  filter: Filter;
  /** Words that cannot be tickers, or came after the fiftieth. */
  refused: string[];
}

/** Read "ibm, spy" as IBM and SPY; nothing typed lets everything through. */
export function parseFilter(typed: string): Parsed {
  const words = typed.toUpperCase().split(/[\s,;]+/).filter((word) => word !== "");
  const good = [...new Set(words.filter((word) => TICKER.test(word)))];
  const kept = good.slice(0, LARGEST_FILTER);
  const refused = words.filter((word) => !kept.includes(word));
  return { filter: kept.length === 0 ? null : new Set(kept), refused };
}

/** Slots of the newest rows the filter lets through, newest first. */
export function newestSlots(ring: Ring, filter: Filter, count: number): number[] {
  const slots: number[] = [];
  for (let age = 0; age < ring.length && slots.length < count; age += 1) {
    const slot = ring.slotByAge(age);
    if (filter === null || filter.has(ring.text("underlying", slot))) slots.push(slot);
  }
  return slots;
}
