/** Which alerts stand on the chart: the newest of the underlying, one mark a bar and direction. */

import type { Ring } from "../store/ring";
import { newestSlots } from "../store/filter";
import { type Tone, deltaMark } from "../text/words";

const MOST_MARKS = 60;

export interface AlertMark {
  startS: number;
  tone: Tone;
}

/** Marks in order of time. */
export function alertMarks(alerts: Ring, underlying: string, intervalS: number): AlertMark[] {
  const marks = new Map<string, AlertMark>();
  for (const slot of newestSlots(alerts, new Set([underlying]), alerts.capacity)) {
    if (alerts.text("status", slot) === "retracted") continue;
    const startS = Math.floor(alerts.number("emit_ts", slot) / 1_000 / intervalS) * intervalS;
    const { tone } = deltaMark(alerts.text("direction", slot));
    marks.set(`${startS}|${tone}`, { startS, tone });
    if (marks.size >= MOST_MARKS) break;
  }
  return [...marks.values()].sort((a, b) => a.startS - b.startS);
}
