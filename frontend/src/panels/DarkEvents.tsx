/** Inferences from off-exchange prints, newest first, in hedged words. */

import { useRows } from "../app/useRows";
import type { Ring } from "../store/ring";
import { clock, count, money, price } from "../text/format";
import { placementMark, plain } from "../text/words";

const EVENTS_SHOWN = 40;

function readEvent(ring: Ring, slot: number) {
  return {
    id: ring.text("dark_id", slot),
    status: ring.text("status", slot),
    underlying: ring.text("underlying", slot),
    kind: ring.text("kind", slot),
    sentence: ring.text("sentence", slot),
    placement: ring.text("placement", slot),
    ms: ring.number("source_ts", slot),
    price: ring.number("price", slot),
    size: ring.number("size", slot),
    notional: ring.number("notional", slot),
  };
}

export function DarkEvents() {
  const events = useRows("dark.events", EVENTS_SHOWN, readEvent);
  return (
    <section className="panel dark-events" aria-label="Off-exchange events">
      <div className="bar">
        <h2>Off-exchange</h2>
      </div>
      {events.length === 0 ? (
        <p className="empty">Waiting for the first off-exchange print that meets a rule.</p>
      ) : (
        <ul className="list" tabIndex={0} aria-label="Off-exchange events, newest first">
          {events.map((event) => (
            <li key={event.id} className={`item${event.status === "retracted" ? " struck" : ""}`}>
              <span className="item-top">
                <span className="mono dim">{clock(event.ms, false)}</span>
                <strong>{event.underlying}</strong>
                <span className="dim">{plain(event.kind)}</span>
                {event.status !== "final" && <span className="tag">{event.status}</span>}
                <span className="score">${money(event.notional)}</span>
              </span>
              <span className="sentence">{event.sentence}</span>
              <span className="item-foot">
                <span className={placementMark(event.placement).tone}>
                  {placementMark(event.placement).text}
                </span>
                <span className="dim">
                  {count(event.size)} at {price(event.price)}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
