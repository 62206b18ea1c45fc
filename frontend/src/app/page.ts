/**
 * The page's one owner: market, painter and connection, tied together, and the few facts React
 * shows (link, freshness, filter, pause). Refuses to hold rows: those stay in the market.
 */

import { createContext, useContext, useSyncExternalStore } from "react";
import type { ServerMessage } from "../net/protocol";
import { Connection, type Link } from "../net/socket";
import { type Filter, parseFilter } from "../store/filter";
import { Market } from "../store/market";
import { DRAW_EVERY_MS, DRAW_EVERY_MS_REDUCED, Painter } from "../store/painter";

export type Freshness = "connecting" | "live" | "ended" | "stale" | "disconnected";

const STALE_AFTER_MS = 3_000;
const CHECK_EVERY_MS = 500;

export class Page {
  readonly market = new Market();
  readonly painter: Painter;
  link: Link = "connecting";
  /** When the next attempt to connect starts, on the clock of `performance.now()`. */
  retryAtMs: number | null = null;
  freshness: Freshness = "connecting";
  filterRevision = 0;
  refusedWords = "";

  private readonly connection: Connection;
  private readonly listeners = new Set<() => void>();
  private lastStatusMs: number | null = null;

  constructor(url: string, hasReducedMotion: boolean) {
    this.painter = new Painter(hasReducedMotion ? DRAW_EVERY_MS_REDUCED : DRAW_EVERY_MS);
    this.connection = new Connection(url, {
      onMessage: (message) => this.onMessage(message),
      onLink: (link, waitMs) => this.onLink(link, waitMs),
      onRefused: () => {
        this.market.counters.refused += 1;
        this.painter.invalidate();
      },
    });
  }

  start(): () => void {
    this.connection.open();
    const timer = setInterval(() => this.check(), CHECK_EVERY_MS);
    const stopDrawing = this.painter.add(() => this.notify());
    return () => {
      clearInterval(timer);
      stopDrawing();
      this.connection.close();
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  select(typed: string): void {
    const { filter, refused } = parseFilter(typed);
    this.refusedWords = refused.join(", ");
    if (!isSame(filter, this.market.filter)) {
      this.market.filter = filter;
      this.connection.select(filter === null ? null : [...filter]);
    }
    this.filterRevision += 1;
    this.redraw();
  }

  togglePause(): void {
    if (this.market.isPaused) this.market.resume();
    else this.market.pause();
    this.redraw();
  }

  /** Seconds until the next attempt; null while one is under way. */
  get retryInS(): number | null {
    if (this.retryAtMs === null) return null;
    return Math.max(0, Math.ceil((this.retryAtMs - performance.now()) / 1_000));
  }

  private redraw(): void {
    this.notify();
    this.painter.invalidate();
  }

  private onMessage(message: ServerMessage): void {
    this.market.apply(message);
    if (message.type === "status") {
      this.lastStatusMs = performance.now();
      this.check();
    }
    this.painter.invalidate();
  }

  private onLink(link: Link, waitMs: number | null): void {
    this.link = link;
    this.retryAtMs = waitMs === null ? null : performance.now() + waitMs;
    // A fresh link gets the same time to speak as a silent one.
    if (link === "open") this.lastStatusMs = performance.now();
    this.check();
    this.notify();
  }

  private check(): void {
    this.freshness = this.judge();
    this.notify();
  }

  private judge(): Freshness {
    if (this.link !== "open" && this.market.hello === null && this.retryAtMs === null) {
      return "connecting";
    }
    if (this.link !== "open") return "disconnected";
    const silentMs = performance.now() - (this.lastStatusMs ?? 0);
    const { status } = this.market;
    if (silentMs > STALE_AFTER_MS) return "stale";
    if (status === null) return "connecting";
    // A recording that is over is complete, not late.
    if (status.has_ended === true) return "ended";
    return status.is_stale ? "stale" : "live";
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

function isSame(one: Filter, other: Filter): boolean {
  const text = (filter: Filter): string => (filter === null ? "" : [...filter].sort().join());
  return text(one) === text(other);
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("usePage needs a PageContext above it");
  return page;
}

/** A fact of the page that React follows; the selector returns a primitive or a held object. */
export function useRevision<T>(read: (page: Page) => T): T {
  const page = usePage();
  return useSyncExternalStore(page.subscribe, () => read(page));
}
