/** A live tape: header, recycled rows, and a plain table of the same rows while paused. */

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { usePage } from "../app/page";
import { newestSlots } from "../store/filter";
import { StaticTable } from "./StaticTable";
import { type Column, type TapeSpec, cell, fit, pieces, widthOf } from "./layout";
import { ROW_PX, RowPool } from "./pool";

const PADDING_PX = 24;

interface Size {
  columns: Column[];
  rows: number;
}

interface TapeProps {
  spec: TapeSpec;
  isPaused: boolean;
}

export function Tape({ spec, isPaused }: TapeProps) {
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body, spec);
  return (
    <div className="tape" role="group" aria-label={`${spec.label} tape`}>
      {!isPaused && <Header columns={size.columns} />}
      <div className="tape-body" ref={body}>
        {isPaused ? (
          <StaticTable spec={spec} columns={size.columns} />
        ) : (
          <LiveRows spec={spec} size={size} />
        )}
      </div>
    </div>
  );
}

function Header({ columns }: { columns: Column[] }) {
  return (
    <div className="tape-head" aria-hidden="true">
      {pieces(columns).map((part, index) => (
        <span key={index} className="piece" style={{ width: `${widthOf(part)}ch` }}>
          {part.map((column) => cell(column, column.title)).join("")}
        </span>
      ))}
    </div>
  );
}

function LiveRows({ spec, size }: { spec: TapeSpec; size: Size }) {
  const { market, painter } = usePage();
  const host = useRef<HTMLDivElement>(null);
  const [isEmpty, setEmpty] = useState(true);
  useEffect(() => {
    if (host.current === null) return undefined;
    const pool = new RowPool(host.current, spec);
    pool.reset(size.rows, size.columns);
    let drawn = "";
    return painter.add(() => {
      const ring = market.view(spec.channel);
      const filter = market.filter;
      const state = `${ring.revision}|${filter === null ? "" : [...filter].join()}`;
      if (market.isPaused || state === drawn) return;
      drawn = state;
      const slots = newestSlots(ring, filter, pool.size);
      pool.draw(ring, slots);
      setEmpty(slots.length === 0);
    });
  }, [market, painter, size, spec]);
  const first = size.columns[0];
  const veil = first?.title === "Time" ? `calc(12px + ${first.width}ch)` : "0";
  return (
    <>
      <div
        className="rows"
        ref={host}
        hidden={isEmpty}
        aria-hidden="true"
        style={{ "--veil": veil } as React.CSSProperties}
      />
      {isEmpty && <p className="empty">{spec.awaits}</p>}
    </>
  );
}

/** How many rows and which columns the body has room for, followed as it changes. */
function useSize(body: React.RefObject<HTMLDivElement | null>, spec: TapeSpec): Size {
  const [size, setSize] = useState<Size>({ columns: [], rows: 0 });
  useLayoutEffect(() => {
    const element = body.current;
    if (element === null) return undefined;
    const measure = () => {
      const characters = Math.floor((element.clientWidth - PADDING_PX) / characterPx(element));
      const rows = Math.ceil(element.clientHeight / ROW_PX);
      const columns = fit(spec.columns, characters);
      setSize((held) =>
        held.rows === rows && widthOf(held.columns) === widthOf(columns) ? held : { columns, rows },
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // The fallback font is wider: measure again once the real one is there.
    void document.fonts.ready.then(measure);
    return () => observer.disconnect();
  }, [body, spec]);
  return size;
}

function characterPx(element: HTMLElement): number {
  const probe = document.createElement("span");
  probe.className = "probe";
  probe.textContent = "0".repeat(100);
  element.append(probe);
  const px = probe.getBoundingClientRect().width / 100;
  probe.remove();
  return px || 7.2;
}
