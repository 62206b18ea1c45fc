/** Alerts as stories, newest first: hedged claims with their scores; a click shows what one rests on. */

import { useMemo, useState } from "react";
import { useRows } from "../app/useRows";
import type { Row } from "../net/rest";
import type { Ring } from "../store/ring";
import { type Story, heldBack, isExpired, isRetracted, storiesOf } from "../store/stories";
import { clock, count, money, ratio } from "../text/format";
import { deltaMark, expiryText, plain, reasonText, sideMark, volatilityMark } from "../text/words";
import { ScoreBar } from "./ScoreBar";

const ALERTS_SHOWN = 200;
const STORIES_SHOWN = 60;
const OPEN_ALERTS = 2;
const TEXTS = [
  "alert_id",
  "status",
  "reason",
  "underlying",
  "contract",
  "rule_id",
  "packet_id",
  "kind",
  "side",
  "severity",
  "direction",
  "volatility_direction",
  "sentence",
  "evidence",
  "benign",
  "story_id",
  "expiry_bucket",
] as const;
const NUMBERS = [
  "version",
  "rule_version",
  "size",
  "premium",
  "score",
  "story_premium",
  "story_score",
  "held_back_count",
  "score_premium",
  "score_side",
  "score_z",
  "score_structure",
  "score_novelty",
  "score_noise",
] as const;

function readAlert(ring: Ring, slot: number): Row {
  return {
    ...Object.fromEntries(TEXTS.map((name) => [name, ring.text(name, slot)])),
    ...Object.fromEntries(NUMBERS.map((name) => [name, ring.number(name, slot)])),
    // A version from before there was a budget says nothing: it was shown.
    is_delivered: ring.number("is_delivered", slot) !== 0,
    emit_ms: ring.number("emit_ts", slot),
  };
}

interface AlertsProps {
  chosenId: string;
  onChoose(alert: Row): void;
}

export function Alerts({ chosenId, onChoose }: AlertsProps) {
  const alerts = useRows("flow.alerts", ALERTS_SHOWN, readAlert);
  const [hasAll, setHasAll] = useState(false);
  const stories = useMemo(() => storiesOf(alerts), [alerts]);
  const held = useMemo(() => heldBack(alerts), [alerts]);
  const shown = stories.filter((story) => hasAll || story.isDelivered).slice(0, STORIES_SHOWN);
  return (
    <section className="panel alerts" aria-label="Alerts">
      <div className="bar">
        <h2>Alerts</h2>
        <span className="note">click one for its evidence</span>
        {held > 0 && (
          <button
            type="button"
            className="button held"
            aria-pressed={hasAll}
            title="A budget an underlying and hour limits what is shown; nothing is lost"
            onClick={() => setHasAll((all) => !all)}
          >
            {count(held)} held back{hasAll ? ", shown" : ""}
          </button>
        )}
      </div>
      {shown.length === 0 ? (
        <p className="empty">Waiting for the first alert: a rule that holds on a packet.</p>
      ) : (
        <ul className="list" aria-label="Stories, newest first">
          {shown.map((story) => (
            <li key={story.id}>
              <StoryItem story={story} chosenId={chosenId} onChoose={onChoose} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface StoryItemProps extends AlertsProps {
  story: Story;
}

function StoryItem({ story, chosenId, onChoose }: StoryItemProps) {
  const [isOpen, setIsOpen] = useState(false);
  const delta = deltaMark(story.direction);
  const volatility = volatilityMark(story.volatility);
  const shown = isOpen ? story.alerts : story.alerts.slice(0, OPEN_ALERTS);
  const more = story.alerts.length - shown.length;
  return (
    <article
      className={`story${story.standing === 0 ? " over" : ""}`}
      aria-label={`Story of ${story.underlying}, ${delta.text}`}
    >
      <header className="story-head">
        <span className="mono dim">{clock(story.latestMs, false)}</span>
        <strong>{story.underlying}</strong>
        <span className={delta.tone}>{delta.text}</span>
        {volatility !== "" && <span className="dim">{volatility}</span>}
        <span className="score" title="Highest score of the story, from 0 to 1: no probability">
          {ratio(story.score)}
        </span>
      </header>
      <div className="item-foot story-sums">
        <span className="strong">${money(story.premium)}</span>
        <span className="dim">
          {count(story.alerts.length)} {story.alerts.length === 1 ? "alert" : "alerts"}
        </span>
        <span className="dim">{expiryText(story.expiryBucket)}</span>
        <span className="tags">
          {!story.isDelivered && <span className="tag">held back</span>}
          {story.standing === 0 && <span className="tag">over</span>}
          {story.severity !== "" && (
            <span
              className={`tag severity-${story.severity}`}
              title="How rare stories of this score are over 20 sessions"
            >
              {story.severity}
            </span>
          )}
        </span>
      </div>
      {shown.map((alert) => (
        <AlertItem
          key={String(alert.alert_id)}
          alert={alert}
          isChosen={alert.alert_id === chosenId}
          onChoose={onChoose}
        />
      ))}
      {(more > 0 || isOpen) && story.alerts.length > OPEN_ALERTS && (
        <button type="button" className="more" onClick={() => setIsOpen((open) => !open)}>
          {isOpen ? "fewer" : `${count(more)} more`}
        </button>
      )}
    </article>
  );
}

interface AlertItemProps {
  alert: Row;
  isChosen: boolean;
  onChoose(alert: Row): void;
}

function AlertItem({ alert, isChosen, onChoose }: AlertItemProps) {
  const side = sideMark(String(alert.side), "");
  const isGone = isRetracted(alert);
  const state = isGone ? " struck" : isExpired(alert) ? " faded" : "";
  return (
    <button
      type="button"
      className={`item${isChosen ? " chosen" : ""}${state}`}
      aria-haspopup="dialog"
      onClick={() => onChoose(alert)}
    >
      <span className="item-top">
        <span className="rule">{plain(String(alert.rule_id))}</span>
        {alert.status !== "opened" && (
          <span className="tag">
            {plain(String(alert.status))}
            {reasonText(String(alert.reason))}
          </span>
        )}
        <span className="score">{ratio(Number(alert.score))}</span>
      </span>
      <ScoreBar alert={alert} />
      <span className="sentence">{alert.sentence}</span>
      <span className="item-foot">
        <span className={side.tone}>{side.text}</span>
        <span className="strong">${money(Number(alert.premium))}</span>
        <span className="dim">{count(Number(alert.size))} contracts</span>
        <span className="dim">{plain(String(alert.kind))}</span>
      </span>
    </button>
  );
}
