/**
 * Alerts as stories: what belongs together stands together. Pure: alert rows in, stories out. An
 * alert without a story stands alone. Refuses to drop an alert: what is held back is marked so.
 */

import type { Row } from "../net/rest";

export interface Story {
  id: string;
  underlying: string;
  direction: string;
  volatility: string;
  expiryBucket: string;
  severity: string;
  premium: number;
  score: number;
  latestMs: number;
  /** Alerts of it that this page holds, the highest score first, those taken back last. */
  alerts: Row[];
  /** Alerts that were neither taken back nor have expired. */
  standing: number;
  isDelivered: boolean;
}

const num = (row: Row, name: string): number => {
  const value = Number(row[name]);
  return Number.isFinite(value) ? value : 0;
};
const text = (row: Row, name: string): string => String(row[name] ?? "");

export const isRetracted = (alert: Row): boolean => text(alert, "status") === "retracted";
export const isExpired = (alert: Row): boolean => text(alert, "status") === "expired";

/** Stories of these alerts, the one last added to first; those of which nothing stands come after. */
export function storiesOf(alerts: readonly Row[]): Story[] {
  const groups = new Map<string, Row[]>();
  for (const alert of alerts) {
    const id = text(alert, "story_id") || text(alert, "alert_id");
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [alert]);
    else group.push(alert);
  }
  const stories = [...groups].map(([id, rows]) => storyOf(id, rows));
  return stories.sort(byRecency);
}

function storyOf(id: string, rows: Row[]): Story {
  const latest = rows.reduce((held, row) => (num(row, "emit_ms") > num(held, "emit_ms") ? row : held));
  const standing = rows.filter((row) => !isRetracted(row) && !isExpired(row));
  const known = text(latest, "story_id") !== "";
  return {
    id,
    underlying: text(latest, "underlying"),
    direction: text(latest, "direction"),
    volatility: text(latest, "volatility_direction"),
    expiryBucket: text(latest, "expiry_bucket"),
    severity: text(latest, "severity"),
    premium: known ? num(latest, "story_premium") : num(latest, "premium"),
    score: known ? num(latest, "story_score") : num(latest, "score"),
    latestMs: num(latest, "emit_ms"),
    alerts: [...rows].sort(byRank),
    standing: standing.length,
    isDelivered: rows.some((row) => row.is_delivered !== false),
  };
}

function byRecency(a: Story, b: Story): number {
  const over = Number(a.standing === 0) - Number(b.standing === 0);
  return over || b.latestMs - a.latestMs || a.id.localeCompare(b.id);
}

function byRank(a: Row, b: Row): number {
  const gone = Number(isRetracted(a)) - Number(isRetracted(b));
  return gone || num(b, "score") - num(a, "score") || text(a, "alert_id").localeCompare(text(b, "alert_id"));
}

/** How many alerts the budget of delivery held back, counted an underlying at a time. */
export function heldBack(alerts: readonly Row[]): number {
  const most = new Map<string, number>();
  for (const alert of alerts) {
    const name = text(alert, "underlying");
    most.set(name, Math.max(most.get(name) ?? 0, num(alert, "held_back_count")));
  }
  return [...most.values()].reduce((sum, count) => sum + count, 0);
}

export interface ScorePart {
  name: string;
  label: string;
  /** What it adds; noise is taken off and below 0. */
  value: number;
}

const PARTS = [
  ["premium", "premium", 1],
  ["side", "side", 1],
  ["z", "unusual", 1],
  ["structure", "structure", 1],
  ["novelty", "novelty", 1],
  ["noise", "noise", -1],
] as const;

/** The parts of a score; they add up to it. [] where an older version had none. */
export function scoreParts(alert: Row): ScorePart[] {
  const parts = PARTS.map(([name, label, sign]) => ({
    name,
    label,
    value: sign * num(alert, `score_${name}`),
  }));
  return parts.some((part) => part.value !== 0) ? parts : [];
}
