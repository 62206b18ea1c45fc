/** What the closed vocabularies are called on screen: every colour has a word and a sign too. */

import type { Direction, ExpiryBucket, Placement } from "../generated/schema";

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

/** The same with a sign, for lists. */
export function volatilityMark(direction: string): string {
  if (direction === "long") return "◇ long vol";
  return direction === "short" ? "◆ short vol" : "";
}

const EXPIRIES: Readonly<Record<ExpiryBucket, string>> = {
  unknown: "",
  same_day: "expires today",
  week: "≤ 1 week",
  month: "≤ 1 month",
  quarter: "≤ 1 quarter",
  later: "> 1 quarter",
};

export function expiryText(bucket: string): string {
  return EXPIRIES[bucket as ExpiryBucket] ?? "";
}

const REASONS: Readonly<Record<string, string>> = {
  cancel: "a trade was cancelled",
  correction: "a trade was corrected",
  late: "a trade came late",
  follow_up: "a second look",
  superseded: "another claim took its place",
  joined: "a packet joined",
  escalated: "it grew",
};

/** What made a version, behind the word for its state; "" for the first one and for an end. */
export function reasonText(reason: string): string {
  const words = REASONS[reason];
  return words === undefined ? "" : `: ${words}`;
}

/** at_ask -> "at ask". */
export function plain(word: string): string {
  return word.replaceAll("_", " ");
}
