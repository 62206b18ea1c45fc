/** What is fetched once: candle history, the evidence of an alert, its receipt. Refuses to poll. */

import type { Cell, Columns } from "./protocol";

export type Row = Record<string, Cell>;

export interface Evidence {
  alert: Row | null;
  packet: Row | null;
  quote: Row | null;
  members: Row[];
  versions: Row[];
}

export interface Difference {
  column: string;
  recorded: unknown;
  recomputed: unknown;
}

export interface Check {
  check: string;
  passed: boolean;
  problem: string;
  differences: Difference[];
}

export interface Turn {
  condition: string;
  sentence: string;
  holds: boolean;
}

/** An alert computed again: the verdict, where it differs, and what would have turned it off. */
export interface Receipt {
  reproduced: boolean;
  verdict: string;
  checks: Check[];
  wouldTurnItOff: Turn[];
  hashes: number;
  firstHash: string;
}

const MEMBERS_SHOWN = 200;
/** A replay of the whole log is stopped by the gateway before. */
const RECEIPT_WAIT_MS = 150_000;

/** Candles of one series, oldest first or not: the store orders them. */
export async function fetchCandles(
  underlying: string,
  intervalS: number,
  signal: AbortSignal,
): Promise<Columns> {
  const query = new URLSearchParams({
    underlying,
    interval_s: String(intervalS),
    limit: "500",
  });
  return toColumns(await getJson(`api/candles?${query.toString()}`, signal));
}

export async function fetchEvidence(alertId: string, signal: AbortSignal): Promise<Evidence> {
  const body = await getJson(`api/evidence/${encodeURIComponent(alertId)}`, signal);
  const fields = isRecord(body) ? body : {};
  return {
    alert: toRow(fields.alert),
    packet: toRow(fields.packet),
    quote: toRow(fields.quote),
    members: toRows(fields.members).slice(0, MEMBERS_SHOWN),
    versions: toRows(fields.versions),
  };
}

export async function fetchReceipt(alertId: string, isDeep: boolean): Promise<Receipt> {
  const path = `api/explain/${encodeURIComponent(alertId)}?deep=${String(isDeep)}`;
  return toReceipt(await getJson(path, AbortSignal.timeout(RECEIPT_WAIT_MS)));
}

export function toReceipt(body: unknown): Receipt {
  const fields = isRecord(body) ? body : {};
  const hashes = toRows(fields.prints).map((print) => String(print.sha256 ?? ""));
  return {
    reproduced: fields.reproduced === true,
    verdict: String(fields.verdict ?? ""),
    checks: (Array.isArray(fields.checks) ? fields.checks : []) as Check[],
    wouldTurnItOff: (Array.isArray(fields.would_turn_it_off) ? fields.would_turn_it_off : []) as Turn[],
    hashes: hashes.length,
    firstHash: hashes[0] ?? "",
  };
}

async function getJson(path: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(path, { signal, headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(await refusal(response));
  return response.json();
}

/** The sentence of the gateway where it gives one, else the status. */
async function refusal(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  return isRecord(body) && typeof body.error === "string"
    ? body.error
    : `the gateway answered ${response.status}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toRow(value: unknown): Row | null {
  return isRecord(value) ? (value as Row) : null;
}

/** Rows from an array of rows, or from columns of equal length. */
export function toRows(value: unknown): Row[] {
  if (Array.isArray(value)) return value.filter(isRecord) as Row[];
  if (!isRecord(value)) return [];
  if (Array.isArray(value.rows)) return toRows(value.rows);
  const columns = isRecord(value.columns) ? value.columns : value;
  const names = Object.keys(columns).filter((name) => Array.isArray(columns[name]));
  const first = names[0] === undefined ? [] : (columns[names[0]] as Cell[]);
  return first.map((_, index) =>
    Object.fromEntries(names.map((name) => [name, (columns[name] as Cell[])[index] ?? null])),
  );
}

/** Columns from the same two shapes. */
export function toColumns(value: unknown): Columns {
  if (isRecord(value) && isRecord(value.columns)) return value.columns as Columns;
  const rows = toRows(value);
  const names = Object.keys(rows[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] ?? null)]));
}
