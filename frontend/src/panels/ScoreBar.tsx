/** A score as the parts that add up to it: a bar for the eye, and on demand the numbers. */

import { useMemo } from "react";
import type { Row } from "../net/rest";
import { type ScorePart, scoreParts } from "../store/stories";
import { ratio } from "../text/format";

const WIDTH = 100;
const HEIGHT = 4;

interface ScoreBarProps {
  alert: Row;
  hasNumbers?: boolean;
}

export function ScoreBar({ alert, hasNumbers = false }: ScoreBarProps) {
  const parts = useMemo(() => scoreParts(alert), [alert]);
  if (parts.length === 0) return null;
  const told = parts.map((part) => `${part.label} ${signed(part.value)}`).join(", ");
  return (
    <span className="score-parts">
      <svg
        className="score-bar"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Parts of the score: ${told}`}
      >
        <title>{told}</title>
        {segments(parts).map(({ part, start, width }) => (
          <rect key={part.name} className={`part-${part.name}`} x={start} width={width} height={HEIGHT} />
        ))}
      </svg>
      {hasNumbers && (
        <span className="score-numbers">
          {parts.map((part) => (
            <span key={part.name}>
              <i className={`swatch part-${part.name}`} aria-hidden="true" />
              {part.label} {signed(part.value)}
            </span>
          ))}
          <span className="strong">= {ratio(Number(alert.score), 4)}</span>
        </span>
      )}
    </span>
  );
}

interface Segment {
  part: ScorePart;
  start: number;
  width: number;
}

/** Parts one after another from the left; what is taken off lies over the end of the others. */
function segments(parts: readonly ScorePart[]): Segment[] {
  let end = 0;
  return parts.map((part) => {
    const width = Math.abs(part.value) * WIDTH;
    const start = part.value < 0 ? Math.max(0, end - width) : end;
    if (part.value > 0) end += width;
    return { part, start, width };
  });
}

const signed = (value: number): string =>
  `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4).replace(/0{1,2}$/, "")}`;
