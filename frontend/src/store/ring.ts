/**
 * A ring of rows held as columns. Owns a fixed number of slots; when full, the oldest row goes.
 * Rows of a keyed ring are claims with versions: a higher version takes the slot of the lower.
 */

import type { Columns } from "../net/protocol";

/** number: NaN where absent; text: "" where absent; time: ms, NaN where absent; flag: 0 or 1. */
export type ColumnKind = "number" | "text" | "time" | "flag";
export type Shape = Readonly<Record<string, ColumnKind>>;

export interface RingOptions {
  capacity: number;
  shape: Shape;
  /** Column that names the claim; needs a `version` column. */
  key?: string;
}

const NS_PER_MS = 1e6;

export class Ring {
  readonly capacity: number;
  /** Rows ever appended; the newest row has index `total - 1`. */
  total = 0;
  /** Grows with every change, replacements included. */
  revision = 0;

  private readonly numbers = new Map<string, Float64Array>();
  private readonly texts = new Map<string, string[]>();
  private readonly slotOfKey = new Map<string, number>();

  constructor(private readonly options: RingOptions) {
    this.capacity = options.capacity;
    for (const [name, kind] of Object.entries(options.shape)) {
      if (kind === "text") this.texts.set(name, Array.from({ length: this.capacity }, () => ""));
      else this.numbers.set(name, new Float64Array(this.capacity).fill(Number.NaN));
    }
  }

  get length(): number {
    return Math.min(this.total, this.capacity);
  }

  /** Slot of the row that is `age` rows older than the newest; `age` < length. */
  slotByAge(age: number): number {
    return (this.total - 1 - age) % this.capacity;
  }

  /** Slot of the row with running index `index`, which must still be held. */
  slotByIndex(index: number): number {
    return index % this.capacity;
  }

  number(name: string, slot: number): number {
    return this.numbers.get(name)?.[slot] ?? Number.NaN;
  }

  text(name: string, slot: number): string {
    return this.texts.get(name)?.[slot] ?? "";
  }

  isSet(name: string, slot: number): boolean {
    return this.number(name, slot) === 1;
  }

  /** Take row `index` of the columns; absent columns leave absent cells. */
  append(columns: Columns, index: number): void {
    const slot = this.slotFor(columns, index);
    if (slot < 0) return;
    for (const [name, cells] of this.numbers) {
      cells[slot] = toNumber(columns[name]?.[index], this.options.shape[name] === "time");
    }
    for (const [name, cells] of this.texts) {
      const cell = columns[name]?.[index];
      cells[slot] = cell === null || cell === undefined ? "" : String(cell);
    }
    this.revision += 1;
  }

  clear(): void {
    this.total = 0;
    this.revision += 1;
    this.slotOfKey.clear();
  }

  /** A copy that no longer changes. */
  freeze(): Ring {
    const copy = new Ring(this.options);
    copy.total = this.total;
    copy.revision = this.revision;
    for (const [name, cells] of this.numbers) copy.numbers.get(name)?.set(cells);
    for (const [name, cells] of this.texts) copy.texts.set(name, cells.slice());
    return copy;
  }

  /** The slot a row goes to; -1 where a version at least as high is held. */
  private slotFor(columns: Columns, index: number): number {
    const name = this.options.key;
    if (name === undefined) return this.total++ % this.capacity;
    const key = String(columns[name]?.[index] ?? "");
    const held = this.slotOfKey.get(key);
    if (held !== undefined) {
      const version = Number(columns.version?.[index] ?? 0);
      return version > this.number("version", held) ? held : -1;
    }
    const slot = this.total % this.capacity;
    if (this.total >= this.capacity) this.slotOfKey.delete(this.text(name, slot));
    this.total += 1;
    this.slotOfKey.set(key, slot);
    return slot;
  }
}

function toNumber(cell: unknown, isTime: boolean): number {
  if (cell === null || cell === undefined || cell === "") return Number.NaN;
  // A double holds microseconds of today's dates: finer than anything drawn.
  return isTime ? Number(cell) / NS_PER_MS : Number(cell);
}
