/** Numbers and times as people read them. Absent (NaN) is a dash, never a zero. */

export const ABSENT = "–";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const NEW_YORK = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
});

const offsets = new Map<number, number>();
const OFFSETS_HELD = 1_000;

/** Milliseconds to add to UTC for New York's clock, worked out once an hour of data. */
function newYorkOffsetMs(ms: number): number {
  const hour = Math.floor(ms / HOUR_MS);
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const parts = Object.fromEntries(
    NEW_YORK.formatToParts(hour * HOUR_MS).map((part) => [part.type, Number(part.value)]),
  ) as Record<"year" | "month" | "day" | "hour" | "minute" | "second", number>;
  const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);
  const offset = local - hour * HOUR_MS;
  if (offsets.size >= OFFSETS_HELD) offsets.clear();
  offsets.set(hour, offset);
  return offset;
}

/** A date whose UTC parts are New York's. */
export function inNewYork(ms: number): Date {
  return new Date(ms + newYorkOffsetMs(ms));
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

/** 09:30:00.123 in New York; without the milliseconds where asked. */
export function clock(ms: number, hasMillis = true): string {
  if (!Number.isFinite(ms)) return ABSENT;
  const date = inNewYork(ms);
  const parts = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  const text = parts.map((part) => pad(part)).join(":");
  return hasMillis ? `${text}.${pad(date.getUTCMilliseconds(), 3)}` : text;
}

export function clockMinutes(ms: number): string {
  return clock(ms, false).slice(0, 5);
}

export function day(ms: number): string {
  if (!Number.isFinite(ms)) return ABSENT;
  const date = inNewYork(ms);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ""} ${date.getUTCFullYear()}`;
}

/** 20261218 as "18 Dec 26". */
export function expiry(yyyymmdd: number): string {
  if (!Number.isFinite(yyyymmdd) || yyyymmdd <= 0) return ABSENT;
  const month = MONTHS[(Math.floor(yyyymmdd / 100) % 100) - 1] ?? "?";
  return `${pad(yyyymmdd % 100)} ${month} ${pad(Math.floor(yyyymmdd / 10_000) % 100)}`;
}

/** A price with two decimals, or as many as it has up to four. */
export function price(usd: number): string {
  if (!Number.isFinite(usd)) return ABSENT;
  const cents = usd * 100;
  return Math.abs(cents - Math.round(cents)) < 1e-4 ? usd.toFixed(2) : usd.toFixed(4);
}

export function strike(usd: number): string {
  if (!Number.isFinite(usd)) return ABSENT;
  return Number.isInteger(usd) ? String(usd) : usd.toFixed(2);
}

/** 1,234,567; fractions of shares keep at most three decimals. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return ABSENT;
  const [whole = "0", part] = String(Math.round(value * 1000) / 1000).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** Dollars in three or four figures: 950, 3.4K, 2.84M. */
export function money(usd: number): string {
  if (!Number.isFinite(usd)) return ABSENT;
  const size = Math.abs(usd);
  if (size >= 999_995_000) return `${(usd / 1e9).toFixed(2)}B`;
  if (size >= 999_950) return `${(usd / 1e6).toFixed(2)}M`;
  if (size >= 1_000) return `${(usd / 1e3).toFixed(1)}K`;
  return usd.toFixed(0);
}

/** A span of time in the unit that fits it. */
export function age(ns: number): string {
  if (!Number.isFinite(ns)) return ABSENT;
  const ms = ns / 1e6;
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${(ms / 1e3).toFixed(1)} s`;
  return ms < HOUR_MS ? `${(ms / 6e4).toFixed(0)} min` : `${(ms / HOUR_MS).toFixed(1)} h`;
}

export function lag(ms: number | null | undefined): string {
  return ms === null || ms === undefined || ms >= DAY_MS ? ABSENT : age(ms * 1e6);
}

export function ratio(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits) : ABSENT;
}
