/**
 * Rows that are made once and written over. Owns the DOM rows of a live tape; each has three text
 * nodes of fixed width, which is what keeps a thousand prints a second cheap to lay out.
 */

import type { Ring } from "../store/ring";
import { type Column, type TapeSpec, cell, pieces, rowClass, widthOf } from "./layout";

export const ROW_PX = 22;

interface PooledRow {
  element: HTMLDivElement;
  texts: Text[];
  state: string;
}

export class RowPool {
  private rows: PooledRow[] = [];
  private parts: Column[][] = [];

  constructor(
    private readonly host: HTMLElement,
    private readonly spec: TapeSpec,
  ) {}

  get size(): number {
    return this.rows.length;
  }

  /** Make so many rows of these columns. */
  reset(count: number, columns: readonly Column[]): void {
    this.parts = pieces(columns);
    this.rows = Array.from({ length: count }, (_, index) => this.makeRow(index));
    this.host.replaceChildren(...this.rows.map((row) => row.element));
  }

  /** Write the rows of these slots, newest first; rows without a slot are blank. */
  draw(ring: Ring, slots: readonly number[]): void {
    this.rows.forEach((row, index) => {
      const slot = slots[index];
      if (slot === undefined) this.blank(row);
      else this.write(row, ring, slot);
    });
  }

  private write(row: PooledRow, ring: Ring, slot: number): void {
    this.parts.forEach((columns, part) => {
      let text = "";
      for (const column of columns) text += cell(column, column.text(ring, slot));
      setText(row.texts[part], text);
    });
    setState(row, `row ${rowClass(this.spec, ring, slot)}`);
  }

  private blank(row: PooledRow): void {
    for (const text of row.texts) setText(text, "");
    setState(row, "row");
  }

  private makeRow(index: number): PooledRow {
    const element = document.createElement("div");
    element.className = "row";
    element.style.transform = `translateY(${index * ROW_PX}px)`;
    const texts = this.parts.map((columns, part) => {
      const span = document.createElement("span");
      span.className = `piece piece-${part}`;
      span.style.width = `${widthOf(columns)}ch`;
      const text = document.createTextNode("");
      span.append(text);
      element.append(span);
      return text;
    });
    return { element, texts, state: "row" };
  }
}

function setText(node: Text | undefined, text: string): void {
  if (node !== undefined && node.data !== text) node.data = text;
}

function setState(row: PooledRow, state: string): void {
  if (row.state === state) return;
  row.state = state;
  row.element.className = state;
}
