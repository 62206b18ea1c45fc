/** The three tapes: what each column shows and which columns leave a small screen first. */

import type { Ring } from "../store/ring";
import * as format from "../text/format";
import { placementMark, plain, sideMark } from "../text/words";
import type { Column, Piece, TapeSpec } from "./layout";

const LARGE_PREMIUM_USD = 250_000;
const LARGE_NOTIONAL_USD = 1_000_000;

type Text = (ring: Ring, slot: number) => string;

function left(title: string, width: number, piece: Piece, rank: number, text: Text): Column {
  return { title, width, piece, rank, text };
}

function right(title: string, width: number, piece: Piece, rank: number, text: Text): Column {
  return { title, width, piece, rank, text, isRight: true };
}

const shown =
  (name: string, as: (value: number) => string): Text =>
  (ring, slot) =>
    as(ring.number(name, slot));

const word =
  (name: string): Text =>
  (ring, slot) =>
    ring.text(name, slot) || format.ABSENT;

const said =
  (name: string): Text =>
  (ring, slot) =>
    plain(ring.text(name, slot));

const seconds = (ms: number): string => format.clock(ms, false);
const side: Text = (ring, slot) =>
  sideMark(ring.text("side", slot), ring.text("placement", slot)).text;
const placement: Text = (ring, slot) => placementMark(ring.text("placement", slot)).text;

const minutes = (column: Column, name: string): Column => ({
  ...column,
  short: { ...column, width: 5, text: shown(name, format.clockMinutes) },
});

const time = minutes(left("Time", 12, 0, 0, shown("event_ts", format.clock)), "event_ts");
const ticker = left("Ticker", 6, 0, 0, word("underlying"));
const callOrPut = left("", 1, 0, 0, word("right"));
const contract: readonly Column[] = [
  left("Expiry", 9, 0, 2, shown("expiry", format.expiry)),
  right("Strike", 7, 0, 0, shown("strike", format.strike)),
  { ...callOrPut, title: "C/P", width: 3, short: callOrPut },
];
const quote: readonly Column[] = [
  right("Bid", 8, 2, 4, shown("bid", format.price)),
  right("Ask", 8, 2, 4, shown("ask", format.price)),
  right("Quote age", 9, 2, 7, shown("quote_age_ns", format.age)),
];

const isStruck = (ring: Ring, slot: number): boolean =>
  ring.text("status", slot) === "cancelled" || ring.text("status", slot) === "retracted";

export const OPTIONS_TAPE: TapeSpec = {
  channel: "options.placed",
  label: "Options",
  awaits: "Waiting for the first option print.",
  columns: [
    time,
    ticker,
    ...contract,
    right("Price", 7, 1, 0, shown("price", format.price)),
    right("Size", 6, 1, 1, shown("size", format.count)),
    right("Premium", 7, 1, 0, shown("premium", format.money)),
    left("Side", 5, 1, 0, side),
    left("Placement", 11, 2, 5, said("placement")),
    ...quote,
    left("Exch", 4, 2, 3, word("venue")),
    left("Code", 11, 2, 8, said("code_family")),
    left("Status", 11, 2, 9, said("status")),
  ],
  tone: (ring, slot) => sideMark(ring.text("side", slot), ring.text("placement", slot)).tone,
  isLarge: (ring, slot) => ring.number("premium", slot) >= LARGE_PREMIUM_USD,
  isStruck,
};

export const EQUITY_TAPE: TapeSpec = {
  channel: "equities.joins",
  label: "Equities",
  awaits: "Waiting for the first equity print.",
  columns: [
    time,
    ticker,
    right("Price", 9, 1, 0, shown("price", format.price)),
    right("Size", 8, 1, 0, shown("size", format.count)),
    right("Notional", 8, 1, 1, shown("notional", format.money)),
    left("Reported", 12, 1, 0, (ring, slot) =>
      ring.isSet("off_exchange", slot) ? "OFF-EXCHANGE" : "exchange",
    ),
    left("Placement", 11, 1, 2, placement),
    ...quote,
    left("Venue", 5, 2, 3, word("venue")),
    left("Conditions", 12, 2, 8, word("conditions")),
    left("Status", 11, 2, 9, said("status")),
  ],
  tone: (ring, slot) => placementMark(ring.text("placement", slot)).tone,
  isLarge: (ring, slot) => ring.number("notional", slot) >= LARGE_NOTIONAL_USD,
  isStruck,
};

export const PACKET_TAPE: TapeSpec = {
  channel: "flow.packets",
  label: "Flow packets",
  awaits: "Waiting for the first packet: prints of one series and side that belong together.",
  columns: [
    left("Time", 8, 0, 6, shown("start_ts", seconds)),
    ticker,
    right("Strike", 6, 0, 0, shown("strike", format.strike)),
    callOrPut,
    left("Expiry", 9, 0, 4, shown("expiry", format.expiry)),
    left("Kind", 6, 0, 1, (ring, slot) => plain(ring.text("kind", slot).replace("_single", ""))),
    right("Prints", 6, 0, 5, shown("print_count", format.count)),
    right("Size", 6, 0, 7, shown("size", format.count)),
    right("Premium", 7, 1, 0, shown("premium", format.money)),
    left("Side", 5, 1, 0, side),
    right("Venues", 6, 2, 8, shown("venue_count", format.count)),
    right("z", 5, 2, 9, (ring, slot) =>
      ring.text("baseline", slot) === "none"
        ? format.ABSENT
        : format.ratio(ring.number("premium_z", slot), 1),
    ),
  ],
  tone: (ring, slot) => sideMark(ring.text("side", slot), ring.text("placement", slot)).tone,
  isLarge: (ring, slot) => ring.number("premium", slot) >= LARGE_PREMIUM_USD,
  isStruck,
};
