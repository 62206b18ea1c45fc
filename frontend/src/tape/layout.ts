/**
 * A tape as padded monospace text. Owns columns, their widths in characters, and which of them fit;
 * draws nothing. A row is three pieces of text, so that the middle one can carry the side's colour.
 */

import type { Ring } from "../store/ring";
import type { RowChannel } from "../store/shapes";
import type { Tone } from "../text/words";

export type Piece = 0 | 1 | 2;

export interface Column {
  title: string;
  /** Characters, without the gap after the column. */
  width: number;
  isRight?: boolean;
  piece: Piece;
  /** Columns with the highest rank leave first when there is no room; 0 always stays. */
  rank: number;
  text(ring: Ring, slot: number): string;
  /** What stands there instead on the smallest screens. */
  short?: Column;
}

export interface TapeSpec {
  channel: RowChannel;
  label: string;
  awaits: string;
  columns: readonly Column[];
  tone(ring: Ring, slot: number): Tone;
  isLarge(ring: Ring, slot: number): boolean;
  isStruck?(ring: Ring, slot: number): boolean;
}

export const GAP = 2;

/** The columns that fit into so many characters, in their order. */
export function fit(columns: readonly Column[], characters: number): Column[] {
  let kept = [...columns];
  while (kept.length > 1 && widthOf(kept) > characters) {
    const worst = Math.max(...kept.map((column) => column.rank));
    if (worst === 0) return kept.map((column) => column.short ?? column);
    const last = kept.findLastIndex((column) => column.rank === worst);
    kept = kept.filter((_, index) => index !== last);
  }
  return kept;
}

export function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP, 0);
}

/** Pad or cut to the column's width, with the gap after it. */
export function cell(column: Column, text: string): string {
  const cut = text.length > column.width ? `${text.slice(0, column.width - 1)}…` : text;
  const padded = column.isRight ? cut.padStart(column.width) : cut.padEnd(column.width);
  return padded + " ".repeat(GAP);
}

export function pieces(columns: readonly Column[]): [Column[], Column[], Column[]] {
  const of = (piece: Piece): Column[] => columns.filter((column) => column.piece === piece);
  return [of(0), of(1), of(2)];
}

/** The classes of a row, the same in the live rows and in the table. */
export function rowClass(spec: TapeSpec, ring: Ring, slot: number): string {
  const large = spec.isLarge(ring, slot) ? " large" : "";
  const struck = spec.isStruck?.(ring, slot) === true ? " struck" : "";
  return `${spec.tone(ring, slot)}${large}${struck}`;
}
