/** The rows of a paused tape as an ordinary table, for reading, scrolling and screen readers. */

import { useMemo } from "react";
import { usePage, useRevision } from "../app/page";
import { newestSlots } from "../store/filter";
import { type Column, GAP, type TapeSpec, rowClass, widthOf } from "./layout";

const ROWS_SHOWN = 400;

interface StaticTableProps {
  spec: TapeSpec;
  columns: Column[];
}

interface PlainRow {
  key: number;
  className: string;
  cells: string[];
}

export function StaticTable({ spec, columns }: StaticTableProps) {
  const rows = usePlainRows(spec, columns);
  return (
    <div className="static" tabIndex={0} role="region" aria-label={`${spec.label}, paused`}>
      <table style={{ minWidth: `calc(12px + ${widthOf(columns)}ch)` }}>
        <caption className="hidden">
          {spec.label}: the newest {rows.length} rows when drawing was paused, newest first.
        </caption>
        <colgroup>
          {columns.map((column, index) => (
            <col
              key={column.title}
              style={{ width: index === columns.length - 1 ? "auto" : columnWidth(column, index) }}
            />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={column.isRight ? "number" : ""}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} className={row.className}>
              {row.cells.map((text, index) => (
                <td key={index} className={cellClass(columns[index])}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** As wide as in the live rows, whose first column stands behind the padding of the row. */
function columnWidth(column: Column, index: number): string {
  const width = `${column.width + GAP}ch`;
  return index === 0 ? `calc(12px + ${width})` : width;
}

function cellClass(column: Column | undefined): string {
  return `piece-${column?.piece ?? 0}${column?.isRight === true ? " number" : ""}`;
}

function usePlainRows(spec: TapeSpec, columns: Column[]): PlainRow[] {
  const { market } = usePage();
  const filterRevision = useRevision((page) => page.filterRevision);
  return useMemo(() => {
    const ring = market.view(spec.channel);
    return newestSlots(ring, market.filter, ROWS_SHOWN).map((slot, key) => ({
      key,
      className: rowClass(spec, ring, slot),
      cells: columns.map((column) => column.text(ring, slot)),
    }));
    // The filter lives outside React: its revision stands for it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [market, spec, columns, filterRevision]);
}
