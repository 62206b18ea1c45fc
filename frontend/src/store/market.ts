/**
 * Everything the page holds. Owns the rings, the candles, the counters and the pause; applies
 * messages whether or not anything is drawn. Refuses to know a widget, a socket or a clock.
 */

import type { Columns, Hello, Rows, ServerMessage, Status } from "../net/protocol";
import { Activity } from "./activity";
import { CandleStore } from "./candles";
import type { Filter } from "./filter";
import { Ring } from "./ring";
import { RINGS, type RowChannel } from "./shapes";

type Rings = Readonly<Record<RowChannel, Ring>>;

export interface Counters {
  /** Rows the gateway says are missing from its own input. */
  gapRows: number;
  gaps: number;
  /** Rows the gateway left out because this page was too slow. */
  skipped: number;
  /** Rows that came twice, and frames that were not understood. */
  repeated: number;
  refused: number;
}

const NO_COUNTS: Counters = { gapRows: 0, gaps: 0, skipped: 0, repeated: 0, refused: 0 };
const TAPES: ReadonlySet<string> = new Set(["options.placed", "equities.joins"]);
const NAMES = Object.keys(RINGS) as RowChannel[];

export class Market {
  readonly candles = new CandleStore();
  readonly activity = new Activity();
  readonly counters: Counters = { ...NO_COUNTS };
  hello: Hello | null = null;
  status: Status | null = null;
  lastError = "";
  filter: Filter = null;

  private readonly live: Rings = makeRings();
  private frozen: Rings | null = null;
  private readonly lastSeq = new Map<string, number>();

  get isPaused(): boolean {
    return this.frozen !== null;
  }

  /** The ring to draw from: the live one, or the copy made when drawing was paused. */
  view(channel: RowChannel): Ring {
    return (this.frozen ?? this.live)[channel];
  }

  /** Rows that came to a channel since the pause; 0 while not paused. */
  newSincePause(channel: RowChannel): number {
    return this.frozen === null ? 0 : this.live[channel].total - this.frozen[channel].total;
  }

  pause(): void {
    this.frozen = mapRings((name) => this.live[name].freeze());
  }

  resume(): void {
    this.frozen = null;
  }

  apply(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
        this.applyHello(message);
        break;
      case "rows":
        this.applyRows(message);
        break;
      case "gap":
        this.counters.gaps += 1;
        this.counters.gapRows += message.rows;
        break;
      case "status":
        this.status = message;
        break;
      case "error":
        this.lastError = message.error;
        break;
    }
  }

  private applyHello(hello: Hello): void {
    if (this.hello !== null && this.hello.namespace !== hello.namespace) this.clear();
    this.hello = hello;
    this.lastError = "";
  }

  private applyRows(message: Rows): void {
    this.counters.skipped += message.skipped ?? 0;
    if (message.channel === "equities.candles") {
      this.candles.apply(message.columns);
      this.activity.observe(message.columns);
      return;
    }
    const ring = this.live[message.channel];
    const isTape = TAPES.has(message.channel);
    for (let index = 0; index < message.rows; index += 1) {
      if (isTape && this.isRepeat(message.channel, message.columns, index)) {
        this.counters.repeated += 1;
      } else {
        ring.append(message.columns, index);
      }
    }
  }

  /** Sequence numbers grow within a partition, and an underlying never leaves its partition. */
  private isRepeat(channel: string, columns: Columns, index: number): boolean {
    const seq = columns.seq?.[index];
    if (typeof seq !== "number" && typeof seq !== "string") return false;
    const key = `${channel}|${String(columns.underlying?.[index])}`;
    const last = this.lastSeq.get(key);
    if (last !== undefined && Number(seq) <= last) return true;
    this.lastSeq.set(key, Number(seq));
    return false;
  }

  private clear(): void {
    for (const name of NAMES) this.live[name].clear();
    this.frozen = null;
    this.candles.clear();
    this.activity.clear();
    this.lastSeq.clear();
    Object.assign(this.counters, NO_COUNTS);
    this.status = null;
  }
}

function makeRings(): Rings {
  return mapRings((name) => new Ring(RINGS[name]));
}

function mapRings(make: (name: RowChannel) => Ring): Rings {
  return Object.fromEntries(NAMES.map((name) => [name, make(name)])) as unknown as Rings;
}
