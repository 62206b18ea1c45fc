/** The words spoken with the gateway over `/ws`. Owns their shapes; refuses what does not fit. */

import type { TopicName } from "../generated/schema";

export const CHANNELS = [
  "options.placed",
  "equities.joins",
  "flow.packets",
  "flow.alerts",
  "dark.events",
  "equities.candles",
] as const satisfies readonly TopicName[];

export type Channel = (typeof CHANNELS)[number];

/** A JSON cell: numbers carry USD, shares or counts; times are nanoseconds as text. */
export type Cell = string | number | boolean | null;

/** Rows held as one array a column, all of the same length. */
export type Columns = Record<string, readonly Cell[]>;

export interface Hello {
  type: "hello";
  namespace: string;
  feed: string;
  is_synthetic: boolean;
  channels: string[];
}

export interface Rows {
  type: "rows";
  channel: Channel;
  columns: Columns;
  rows: number;
  skipped: number;
  /** Where the channel stands after these rows; sent back when the link was lost. */
  cursor: string;
}

export interface Gap {
  type: "gap";
  channel: string;
  rows: number;
}

export interface Status {
  type: "status";
  feed_lag_ms: number | null;
  event_ts: string | null;
  is_stale: boolean;
  /** Whether the feed has said that nothing more will come. */
  has_ended?: boolean;
  rates: Record<string, number>;
}

export interface ServerError {
  type: "error";
  error: string;
}

export type ServerMessage = Hello | Rows | Gap | Status | ServerError;

export interface Subscribe {
  type: "subscribe";
  channels: readonly Channel[];
  underlying: readonly string[] | null;
  cursor?: Readonly<Record<string, string>>;
}

const TYPES = new Set(["hello", "rows", "gap", "status", "error"]);

/** Read one frame; null where it is not a message of this protocol. */
export function parseMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const message = value as ServerMessage;
  if (!TYPES.has(message.type)) return null;
  return message.type !== "rows" || isRows(message) ? message : null;
}

function isRows(message: Rows): boolean {
  if (!(CHANNELS as readonly string[]).includes(message.channel)) return false;
  const { columns } = message;
  if (!Number.isInteger(message.rows) || typeof columns !== "object" || columns === null) {
    return false;
  }
  return Object.values(columns).every(
    (cells) => Array.isArray(cells) && cells.length === message.rows,
  );
}
