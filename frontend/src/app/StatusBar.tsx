/** The state of the connection and what did not arrive, at the foot of the page. */

import { useRevision } from "./page";
import { count } from "../text/format";

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  ended: "Feed ended",
  stale: "Stale",
  disconnected: "Disconnected",
} as const;

export function StatusBar() {
  const freshness = useRevision((page) => page.freshness);
  const { counters } = useRevision((page) => page.market);
  const numbers = useRevision(({ market }) =>
    [market.counters.gaps, market.counters.gapRows, market.counters.skipped].join(),
  );
  const refused = useRevision((page) => page.market.counters.refused);
  const error = useRevision((page) => page.market.lastError);
  const feed = useRevision((page) => page.market.hello?.feed ?? "");
  return (
    <footer className="status" data-numbers={numbers}>
      <span className={`link ${freshness}`}>{WORDS[freshness]}</span>
      {feed !== "" && <span className="wide">Feed: {feed}</span>}
      <span title={`${count(counters.gapRows)} rows missing before the gateway`}>
        {count(counters.gaps)} {counters.gaps === 1 ? "gap" : "gaps"}
      </span>
      <span title="Rows the gateway left out so that this page keeps up">
        {count(counters.skipped)} skipped
      </span>
      {refused > 0 && <span>{count(refused)} frames not understood</span>}
      {error !== "" && <span className="error">{error}</span>}
      <span className="credit">
        Charts:{" "}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
      </span>
    </footer>
  );
}
