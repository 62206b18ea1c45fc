/** The two tapes: beside each other on a wide screen, one at a time on others. */

import { useEffect, useState } from "react";
import { useRevision } from "../app/page";
import { count } from "../text/format";
import { Tape } from "./Tape";
import type { TapeSpec } from "./layout";
import { EQUITY_TAPE, OPTIONS_TAPE } from "./specs";

const WIDE = "(min-width: 1700px)";
const TAPES = [OPTIONS_TAPE, EQUITY_TAPE] as const;

export function Tapes() {
  const isWide = useMedia(WIDE);
  const [chosen, setChosen] = useState<TapeSpec>(OPTIONS_TAPE);
  const isPaused = useRevision((page) => page.market.isPaused);
  const shown = isWide ? TAPES : [chosen];
  return (
    <div className="tapes">
      {shown.map((spec) => (
        <section key={spec.channel} className="panel tape-panel" aria-label={spec.label}>
          <div className="bar">
            {isWide ? (
              <h2>{spec.label}</h2>
            ) : (
              TAPES.map((tape) => (
                <button
                  key={tape.channel}
                  type="button"
                  className={`tab${tape === chosen ? " active" : ""}`}
                  aria-pressed={tape === chosen}
                  onClick={() => setChosen(tape)}
                >
                  {tape.label}
                </button>
              ))
            )}
            <Held spec={spec} />
          </div>
          <Tape spec={spec} isPaused={isPaused} />
        </section>
      ))}
    </div>
  );
}

function Held({ spec }: { spec: TapeSpec }) {
  const text = useRevision(({ market }) => {
    const fresh = market.newSincePause(spec.channel);
    const held = `${count(market.view(spec.channel).length)} rows held`;
    return market.isPaused ? `Paused, ${count(fresh)} new` : held;
  });
  return <span className="note">{text}</span>;
}

function useMedia(query: string): boolean {
  const [isMatch, setMatch] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const follow = () => setMatch(list.matches);
    list.addEventListener("change", follow);
    return () => list.removeEventListener("change", follow);
  }, [query]);
  return isMatch;
}
