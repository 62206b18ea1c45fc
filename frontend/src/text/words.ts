/** What the closed vocabularies are called on screen: every colour has a word and a sign too. */

import type { Direction, Placement } from "../generated/schema";

export type Tone = "buy" | "sell" | "even";

export interface Mark {
  text: string;
  tone: Tone;
}

const NOT_SAID: Mark = { text: "– n/a", tone: "even" };

/** The aggressor: a side is named only where the quote rule gives one. */
export function sideMark(side: string, placement: string): Mark {
  if (side === "buy") return { text: "▲ Ask", tone: "buy" };
  if (side === "sell") return { text: "▼ Bid", tone: "sell" };
  return placement === "mid" ? { text: "– Mid", tone: "even" } : NOT_SAID;
}

const PLACEMENTS: Readonly<Record<Placement, Mark>> = {
  none: { text: "– no quote", tone: "even" },
  above_ask: { text: "▲ above ask", tone: "buy" },
  at_ask: { text: "▲ at ask", tone: "buy" },
  inside_ask: { text: "△ near ask", tone: "even" },
  mid: { text: "– mid", tone: "even" },
  inside_bid: { text: "▽ near bid", tone: "even" },
  at_bid: { text: "▼ at bid", tone: "sell" },
  below_bid: { text: "▼ below bid", tone: "sell" },
  at_lock: { text: "= locked", tone: "even" },
};

/** Where a price lay against its quote. */
export function placementMark(placement: string): Mark {
  return PLACEMENTS[placement as Placement] ?? PLACEMENTS.none;
}

const DELTAS: Readonly<Record<Direction, Mark>> = {
  unknown: { text: "? direction unknown", tone: "even" },
  bullish: { text: "▲ bullish", tone: "buy" },
  bearish: { text: "▼ bearish", tone: "sell" },
  neutral: { text: "– neutral", tone: "even" },
};

export function deltaMark(direction: string): Mark {
  return DELTAS[direction as Direction] ?? DELTAS.unknown;
}

/** "" where the claim says nothing of volatility. */
export function volatilityText(direction: string): string {
  if (direction === "long") return "long volatility";
  return direction === "short" ? "short volatility" : "";
}

/** at_ask -> "at ask". */
export function plain(word: string): string {
  return word.replaceAll("_", " ");
}
