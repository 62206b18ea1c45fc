/** Which columns of which channel are kept, and how many rows. */

import type { RowOf } from "../generated/schema";
import type { Channel } from "../net/protocol";
import type { ColumnKind, RingOptions } from "./ring";

export type RowChannel = Exclude<Channel, "equities.candles">;

const CONTRACT = { underlying: "text", expiry: "number", strike: "number", right: "text" } as const;
const PLACED = {
  source_ts: "time",
  event_ts: "time",
  price: "number",
  size: "number",
  venue: "text",
  status: "text",
  quote_state: "text",
  placement: "text",
  is_placement_stable: "flag",
  bid: "number",
  ask: "number",
  quote_age_ns: "number",
} as const;
const DIRECTIONS = {
  score: "number",
  direction: "text",
  volatility_direction: "text",
} as const;
const STORY = {
  story_id: "text",
  story_premium: "number",
  story_score: "number",
  expiry_bucket: "text",
  is_delivered: "flag",
  held_back_count: "number",
} as const;
const SCORE_PARTS = {
  score_premium: "number",
  score_side: "number",
  score_z: "number",
  score_structure: "number",
  score_novelty: "number",
  score_noise: "number",
} as const;

/** A ring of a channel may hold only columns that its topic has. */
type Kept = {
  readonly [C in RowChannel]: RingOptions & {
    shape: { readonly [N in keyof RowOf[C]]?: ColumnKind };
    key?: keyof RowOf[C];
  };
};

const KEPT = {
  "options.placed": {
    capacity: 20_000,
    shape: { ...CONTRACT, ...PLACED, premium: "number", side: "text", code_family: "text" },
  },
  "equities.joins": {
    capacity: 20_000,
    shape: {
      underlying: "text",
      ...PLACED,
      notional: "number",
      off_exchange: "flag",
      conditions: "text",
    },
  },
  "flow.packets": {
    capacity: 4_000,
    key: "packet_id",
    shape: {
      ...CONTRACT,
      packet_id: "text",
      version: "number",
      status: "text",
      kind: "text",
      side: "text",
      placement: "text",
      start_ts: "time",
      print_count: "number",
      size: "number",
      premium: "number",
      average_price: "number",
      venue_count: "number",
      premium_z: "number",
      baseline: "text",
    },
  },
  "flow.alerts": {
    capacity: 1_000,
    key: "alert_id",
    shape: {
      alert_id: "text",
      version: "number",
      status: "text",
      emit_ts: "time",
      underlying: "text",
      contract: "text",
      rule_id: "text",
      rule_version: "number",
      packet_id: "text",
      packet_version: "number",
      kind: "text",
      side: "text",
      size: "number",
      premium: "number",
      severity: "text",
      ...DIRECTIONS,
      sentence: "text",
      evidence: "text",
      reason: "text",
      benign: "text",
      ...STORY,
      ...SCORE_PARTS,
    },
  },
  "dark.events": {
    capacity: 1_000,
    key: "dark_id",
    shape: {
      dark_id: "text",
      version: "number",
      status: "text",
      emit_ts: "time",
      source_ts: "time",
      underlying: "text",
      kind: "text",
      price: "number",
      size: "number",
      notional: "number",
      placement: "text",
      bid: "number",
      ask: "number",
      sentence: "text",
    },
  },
} as const satisfies Kept;

export const RINGS: Readonly<Record<RowChannel, RingOptions>> = KEPT;
