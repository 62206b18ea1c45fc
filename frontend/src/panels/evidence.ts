/** Evidence as lines of label and value. Pure: owns the words and units, draws nothing. */

import type { Row } from "../net/rest";
import * as format from "../text/format";
import { deltaMark, placementMark, plain, reasonText, sideMark, volatilityText } from "../text/words";

export type Line = readonly [label: string, value: string, tone?: string];

export const numberOf = (row: Row, name: string): number => {
  const value = row[name];
  return value === null || value === undefined || value === "" ? Number.NaN : Number(value);
};

export const textOf = (row: Row, name: string): string => String(row[name] ?? "");

const msOf = (row: Row, name: string): number => numberOf(row, name) / 1e6;

const usd = (value: number): string =>
  Number.isFinite(value) ? `$${format.money(value)}` : format.ABSENT;

export function claimLines(alert: Row): Line[] {
  const side = sideMark(textOf(alert, "side"), "");
  const delta = deltaMark(textOf(alert, "direction"));
  return [
    ["Rule", `${plain(textOf(alert, "rule_id"))}, version ${textOf(alert, "rule_version")}`],
    ["Score", `${format.ratio(numberOf(alert, "score"))} of 1`],
    ["Severity", textOf(alert, "severity") || format.ABSENT],
    ["Aggressor side", side.text, side.tone],
    ["Consistent with", delta.text, delta.tone],
    ["Volatility", volatilityText(textOf(alert, "volatility_direction")) || "not said"],
    [
      "Version",
      `${textOf(alert, "version")}, ${textOf(alert, "status")}${reasonText(textOf(alert, "reason"))}`,
    ],
  ];
}

export function packetLines(packet: Row): Line[] {
  const size = numberOf(packet, "size");
  const share = (name: string): string =>
    size > 0 ? `${((100 * numberOf(packet, name)) / size).toFixed(0)} %` : format.ABSENT;
  const hasBaseline = textOf(packet, "baseline") !== "none";
  const z = (name: string): string =>
    hasBaseline ? format.ratio(numberOf(packet, name), 1) : "no baseline";
  return [
    ["Series", textOf(packet, "contract")],
    ["Kind", plain(textOf(packet, "kind"))],
    ["Premium", usd(numberOf(packet, "premium"))],
    ["Contracts", format.count(size)],
    ["Average price", format.price(numberOf(packet, "average_price"))],
    ["Prints", format.count(numberOf(packet, "print_count"))],
    ["Taker events", format.count(numberOf(packet, "taker_event_count"))],
    ["Venues", `${textOf(packet, "venue_count")} (${textOf(packet, "venues")})`],
    ["Span", format.age(numberOf(packet, "end_ts") - numberOf(packet, "start_ts"))],
    ["At or above ask", share("at_ask_size"), "buy"],
    ["Inside the spread", share("inside_size")],
    ["At or below bid", share("at_bid_size"), "sell"],
    ["Intermarket sweep code", share("iso_size")],
    ["Premium z", z("premium_z")],
    ["Size z", z("size_z")],
    ["Spread z", z("spread_z")],
  ];
}

/** The quote standing before the first print, as the packet or the gateway names it. */
export function quoteLines(quote: Row, startMs: number): Line[] {
  const ms = msOf(quote, "quote_ts" in quote ? "quote_ts" : "source_ts");
  const placement = textOf(quote, "placement");
  const lines: Line[] = [
    ["Bid", format.price(numberOf(quote, "bid"))],
    ["Ask", format.price(numberOf(quote, "ask"))],
    ["Quoted at", format.clock(ms)],
    ["Before the first print", format.age((startMs - ms) * 1e6)],
  ];
  const state = textOf(quote, "quote_state");
  if (state !== "") lines.push(["State", plain(state)]);
  if (placement !== "") {
    const mark = placementMark(placement);
    lines.push(["First print", mark.text, mark.tone]);
  }
  return lines;
}

const LINES_SHOWN = 40;

/** What the rule read and compared with, from the JSON text it wrote; [] where there is none. */
export function inputLines(json: string): Line[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return [];
  }
  return flatten(value, "").slice(0, LINES_SHOWN);
}

function flatten(value: unknown, path: string): Line[] {
  if (typeof value !== "object" || value === null) return [[plain(path), shown(value)]];
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
    return [[plain(path), value.map(shown).join(", ")]];
  }
  return Object.entries(value).flatMap(([name, item]) =>
    flatten(item, path === "" ? name : `${path} ${name}`),
  );
}

function shown(value: unknown): string {
  if (typeof value !== "number") return value === null ? format.ABSENT : String(value);
  return Number.isInteger(value) ? String(value) : String(Math.round(value * 1e4) / 1e4);
}

export interface Member {
  seq: string;
  time: string;
  price: string;
  size: string;
  venue: string;
  quote: string;
  placement: string;
  tone: string;
}

export function memberOf(row: Row): Member {
  const mark = placementMark(textOf(row, "placement"));
  return {
    seq: textOf(row, "print_seq") || textOf(row, "seq"),
    time: format.clock(msOf(row, "event_ts")),
    price: format.price(numberOf(row, "price")),
    size: format.count(numberOf(row, "size")),
    venue: textOf(row, "venue") || format.ABSENT,
    quote: `${format.price(numberOf(row, "bid"))} × ${format.price(numberOf(row, "ask"))}`,
    placement: mark.text,
    tone: mark.tone,
  };
}
