/** The newest rows of a channel for the lists that React draws: few rows, changed seldom. */

import { useEffect, useState } from "react";
import { newestSlots } from "../store/filter";
import type { Ring } from "../store/ring";
import type { RowChannel } from "../store/shapes";
import { usePage } from "./page";

/** Rows made by `read`, newest first. Keep `read` outside the component: it is a dependency. */
export function useRows<T>(
  channel: RowChannel,
  count: number,
  read: (ring: Ring, slot: number) => T,
): T[] {
  const { market, painter } = usePage();
  const [rows, setRows] = useState<T[]>([]);
  useEffect(() => {
    let drawn = "";
    return painter.add(() => {
      const ring = market.view(channel);
      const state = `${ring.revision}|${market.filter === null ? "" : [...market.filter].join()}`;
      if (state === drawn) return;
      drawn = state;
      setRows(newestSlots(ring, market.filter, count).map((slot) => read(ring, slot)));
    });
  }, [channel, count, market, painter, read]);
  return rows;
}
