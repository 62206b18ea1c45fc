/** What is looked at, how old it is, and the controls that hold for the whole page. */

import { useState } from "react";
import { usePage, useRevision } from "./page";
import type { Theme } from "./theme";
import { clock, count, day, lag } from "../text/format";

interface HeaderProps {
  theme: Theme;
  onTheme(): void;
}

export function Header({ theme, onTheme }: HeaderProps) {
  return (
    <header className="header">
      <h1 className="name">Islandflow</h1>
      <Badge />
      <Facts />
      <div className="controls">
        <TickerFilter />
        <PauseButton />
        <button type="button" className="button" onClick={onTheme}>
          {theme === "dark" ? "Light theme" : "Dark theme"}
        </button>
      </div>
    </header>
  );
}

function Badge() {
  const isSynthetic = useRevision((page) => page.market.hello?.is_synthetic === true);
  if (!isSynthetic) return null;
  return (
    <span className="badge" title="These prices and trades are made up by a seeded generator.">
      SYNTHETIC
    </span>
  );
}

function Facts() {
  const hello = useRevision((page) => page.market.hello);
  const status = useRevision((page) => page.market.status);
  const eventMs = status?.event_ts == null ? Number.NaN : Number(status.event_ts) / 1e6;
  const rates = Object.entries(status?.rates ?? {});
  const rate = (name: string): string =>
    count(Math.round(rates.find(([channel]) => channel === name)?.[1] ?? Number.NaN));
  return (
    <dl className="facts">
      <Fact label="Namespace" value={hello?.namespace ?? "–"} rank={3} />
      <Fact label={`New York, ${day(eventMs)}`} value={clock(eventMs, false)} rank={0} />
      <Fact label="Feed lag" value={lag(status?.feed_lag_ms)} rank={1} />
      <Fact label="Options/s" value={rate("options.placed")} rank={2} />
      <Fact label="Equities/s" value={rate("equities.joins")} rank={2} />
    </dl>
  );
}

interface FactProps {
  label: string;
  value: string;
  rank: number;
}

function Fact({ label, value, rank }: FactProps) {
  return (
    <div className={`fact rank-${rank}`}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function TickerFilter() {
  const page = usePage();
  const [typed, setTyped] = useState("");
  const refused = useRevision((held) => held.refusedWords);
  const isRefused = refused !== "";
  return (
    <form
      className="filter"
      onSubmit={(event) => {
        event.preventDefault();
        page.select(typed);
      }}
    >
      <input
        type="text"
        aria-label="Ticker filter, comma separated"
        aria-invalid={isRefused}
        title={isRefused ? `Not a ticker: ${refused}` : "Comma separated, for example IBM, SPY"}
        placeholder="Tickers"
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={400}
        value={typed}
        onChange={(event) => setTyped(event.target.value.toUpperCase())}
        onBlur={() => page.select(typed)}
      />
      {typed !== "" && (
        <button
          type="button"
          className="clear"
          aria-label="Clear the ticker filter"
          onClick={() => {
            setTyped("");
            page.select("");
          }}
        >
          ×
        </button>
      )}
    </form>
  );
}

function PauseButton() {
  const page = usePage();
  const isPaused = useRevision((held) => held.market.isPaused);
  const fresh = useRevision(
    ({ market }) => market.newSincePause("options.placed") + market.newSincePause("equities.joins"),
  );
  return (
    <button
      type="button"
      className={`button pause${isPaused ? " active" : ""}`}
      aria-pressed={isPaused}
      onClick={() => page.togglePause()}
    >
      {isPaused ? `Resume (${count(fresh)} new)` : "Pause"}
    </button>
  );
}
