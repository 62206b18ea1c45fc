/** An alert computed again on demand: whether it comes out the same, and what would turn it off. */

import { useState } from "react";
import { type Receipt, fetchReceipt } from "../net/rest";
import { count } from "../text/format";

type State =
  | { step: "idle" }
  | { step: "asked"; isDeep: boolean }
  | { step: "failed"; why: string }
  | { step: "there"; receipt: Receipt };

const CHANGES_SHOWN = 20;

export function ReceiptPart({ alertId }: { alertId: string }) {
  const [state, setState] = useState<State>({ step: "idle" });
  const ask = (isDeep: boolean): void => {
    setState({ step: "asked", isDeep });
    fetchReceipt(alertId, isDeep)
      .then((receipt) => setState({ step: "there", receipt }))
      .catch((error: unknown) =>
        setState({ step: "failed", why: error instanceof Error ? error.message : "unknown" }),
      );
  };
  const isBusy = state.step === "asked";
  return (
    <section className="lines" aria-label="Computed again">
      <h3>Computed again</h3>
      <div className="receipt-bar">
        <button type="button" className="button" disabled={isBusy} onClick={() => ask(false)}>
          From its records
        </button>
        <button type="button" className="button" disabled={isBusy} onClick={() => ask(true)}>
          From the log's start
        </button>
        <span role="status">
          <Verdict state={state} />
        </span>
      </div>
      {state.step === "there" && <Details receipt={state.receipt} />}
    </section>
  );
}

function Verdict({ state }: { state: State }) {
  if (state.step === "idle") return null;
  if (state.step === "asked") {
    return <span className="dim">{state.isDeep ? "replaying the log" : "computing"} …</span>;
  }
  if (state.step === "failed") return <span className="dim">could not be computed: {state.why}</span>;
  const { reproduced } = state.receipt;
  return (
    <span className={`flag ${reproduced ? "is-same" : "is-other"}`}>
      {reproduced ? "✓ reproduced" : "✕ not reproduced"}
    </span>
  );
}

function Details({ receipt }: { receipt: Receipt }) {
  const failed = receipt.checks.filter((check) => !check.passed);
  return (
    <>
      <p className="note source">{receipt.verdict}</p>
      {failed.map((check) => (
        <div key={check.check} className="differs">
          <strong>{check.check}</strong>
          {check.problem !== "" && <p>{check.problem}</p>}
          {check.differences.slice(0, CHANGES_SHOWN).map((item) => (
            <p key={item.column}>
              {item.column}: recorded {shown(item.recorded)}, now {shown(item.recomputed)}
            </p>
          ))}
        </div>
      ))}
      {receipt.wouldTurnItOff.length > 0 && (
        <>
          <h4>What would turn it off, each by itself</h4>
          <ul className="turns">
            {receipt.wouldTurnItOff.map((turn) => (
              <li key={turn.condition} className={turn.holds ? "" : "faded"}>
                {turn.sentence}
              </li>
            ))}
          </ul>
        </>
      )}
      <p className="note source">
        {count(receipt.hashes)} raw records, SHA-256 of the first {receipt.firstHash.slice(0, 16)}…
      </p>
    </>
  );
}

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (text ?? "nothing").slice(0, 120);
};
