/** Alerts, newest first: each a hedged claim with its score; a click shows what it rests on. */

import { useRows } from "../app/useRows";
import type { Row } from "../net/rest";
import type { Ring } from "../store/ring";
import { clock, count, money, ratio } from "../text/format";
import { deltaMark, plain, sideMark, volatilityText } from "../text/words";

const ALERTS_SHOWN = 60;
const NAMES = [
  "alert_id",
  "status",
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
] as const;

type AlertRow = Row & { emit_ms: number };

function readAlert(ring: Ring, slot: number): AlertRow {
  const texts = Object.fromEntries(NAMES.map((name) => [name, ring.text(name, slot)]));
  return {
    ...texts,
    version: ring.number("version", slot),
    rule_version: ring.number("rule_version", slot),
    emit_ms: ring.number("emit_ts", slot),
    size: ring.number("size", slot),
    premium: ring.number("premium", slot),
    score: ring.number("score", slot),
  };
}

interface AlertsProps {
  chosenId: string;
  onChoose(alert: Row): void;
}

export function Alerts({ chosenId, onChoose }: AlertsProps) {
  const alerts = useRows("flow.alerts", ALERTS_SHOWN, readAlert);
  return (
    <section className="panel alerts" aria-label="Alerts">
      <div className="bar">
        <h2>Alerts</h2>
        <span className="note">click for the evidence</span>
      </div>
      {alerts.length === 0 ? (
        <p className="empty">Waiting for the first alert: a rule that holds on a packet.</p>
      ) : (
        <ul className="list" aria-label="Alerts, newest first">
          {alerts.map((alert) => (
            <li key={String(alert.alert_id)}>
              <AlertItem
                alert={alert}
                isChosen={alert.alert_id === chosenId}
                onChoose={onChoose}
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface AlertItemProps {
  alert: AlertRow;
  isChosen: boolean;
  onChoose(alert: Row): void;
}

function AlertItem({ alert, isChosen, onChoose }: AlertItemProps) {
  const side = sideMark(String(alert.side), "");
  const delta = deltaMark(String(alert.direction));
  const volatility = volatilityText(String(alert.volatility_direction));
  const isRetracted = alert.status === "retracted";
  return (
    <button
      type="button"
      className={`item${isChosen ? " chosen" : ""}${isRetracted ? " struck" : ""}`}
      aria-haspopup="dialog"
      onClick={() => onChoose(alert)}
    >
      <span className="item-top">
        <span className="mono dim">{clock(alert.emit_ms, false)}</span>
        <strong>{alert.underlying}</strong>
        <span className="dim">{plain(String(alert.rule_id))}</span>
        {alert.status !== "final" && <span className="tag">{alert.status}</span>}
        <span className="score" title="Strength of the claim from 0 to 1, not a probability">
          {ratio(Number(alert.score))}
        </span>
      </span>
      <span className="sentence">{alert.sentence}</span>
      <span className="item-foot">
        <span className={side.tone}>{side.text}</span>
        <span className="strong">${money(Number(alert.premium))}</span>
        <span className="dim">{count(Number(alert.size))} contracts</span>
        <span className={delta.tone}>{delta.text}</span>
        {volatility !== "" && <span className="dim">{volatility}</span>}
      </span>
    </button>
  );
}
