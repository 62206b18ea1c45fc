/** What an alert rests on: the packet, the quote it met, and its member prints. */

import { useEffect, useRef, useState } from "react";
import { type Evidence, type Row, fetchEvidence } from "../net/rest";
import { plain } from "../text/words";
import { ReceiptPart } from "./Receipt";
import { ScoreBar } from "./ScoreBar";
import {
  type Line,
  claimLines,
  inputLines,
  memberOf,
  numberOf,
  packetLines,
  quoteLines,
  textOf,
} from "./evidence";
import { benignLines, historyLines, legsOf, packageLines, sideLines } from "./claims";

type Loaded =
  | { state: "loading" }
  | { state: "failed"; why: string }
  | { state: "there"; evidence: Evidence };

interface EvidenceDrawerProps {
  alert: Row;
  onClose(): void;
}

export function EvidenceDrawer({ alert, onClose }: EvidenceDrawerProps) {
  const [attempt, setAttempt] = useState(0);
  const loaded = useEvidence(String(alert.alert_id), attempt);
  const drawer = useDialog(onClose);
  return (
    <aside
      className="drawer"
      role="dialog"
      aria-labelledby="evidence-title"
      ref={drawer}
      tabIndex={-1}
    >
      <div className="bar">
        <h2 id="evidence-title">Evidence</h2>
        <button type="button" className="button close" onClick={onClose}>
          Close
        </button>
      </div>
      <div className="drawer-body" tabIndex={0} role="region" aria-label="Evidence of the alert">
        <blockquote className="claim">{alert.sentence}</blockquote>
        <section className="lines" aria-label="Score">
          <h3>Score</h3>
          <ScoreBar alert={alert} hasNumbers />
        </section>
        <Lines title="Claim" lines={claimLines(alert)} />
        <Lines title="Innocent readings" lines={benignLines(textOf(alert, "benign"))} />
        <ReceiptPart key={String(alert.alert_id)} alertId={String(alert.alert_id)} />
        <Rest loaded={loaded} onRetry={() => setAttempt((held) => held + 1)} />
        <Lines title="What the rule read" lines={inputLines(textOf(alert, "evidence"))} />
      </div>
    </aside>
  );
}

function Rest({ loaded, onRetry }: { loaded: Loaded; onRetry(): void }) {
  if (loaded.state === "loading") return <Note text="Fetching packet and prints." />;
  if (loaded.state === "failed") {
    return (
      <p className="empty inline">
        The packet and its prints could not be fetched: {loaded.why}.{" "}
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      </p>
    );
  }
  const { packet, quote, members, versions } = loaded.evidence;
  if (packet === null) return <Note text="The archive does not hold the packet yet." />;
  const startMs = numberOf(packet, "start_ts") / 1e6;
  return (
    <>
      <Legs packet={packet} />
      <Lines title="Package, each with its confidence" lines={packageLines(packet)} />
      <Lines title="Side" lines={sideLines(packet)} />
      <Lines title="Packet" lines={packetLines(packet)} />
      <Lines title="Arrival quote" lines={quoteLines(quote ?? packet, startMs)} />
      <Members members={members} total={numberOf(packet, "print_count")} />
      <Lines title="History" lines={historyLines(versions)} />
      <p className="note source">
        Source: options.prints {textOf(packet, "first_print_seq")} to{" "}
        {textOf(packet, "last_print_seq")}, packet {textOf(packet, "packet_id")} version {textOf(packet, "version")}
      </p>
    </>
  );
}

function Legs({ packet }: { packet: Row }) {
  const legs = legsOf(textOf(packet, "legs"));
  if (legs.length === 0) return null;
  return (
    <section className="lines" aria-label="Legs">
      <h3>Legs of the {plain(textOf(packet, "package_class"))}</h3>
      <table className="members">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col" className="number">
              Ratio
            </th>
            <th scope="col" className="number">
              Size
            </th>
            <th scope="col" className="number">
              Price
            </th>
          </tr>
        </thead>
        <tbody>
          {legs.map((leg) => (
            <tr key={leg.series}>
              <td>{leg.series}</td>
              <td className="number">{leg.ratio}</td>
              <td className="number">{leg.size}</td>
              <td className="number">{leg.price}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Note({ text }: { text: string }) {
  return <p className="empty inline">{text}</p>;
}

function Lines({ title, lines }: { title: string; lines: Line[] }) {
  if (lines.length === 0) return null;
  return (
    <section className="lines" aria-label={title}>
      <h3>{title}</h3>
      <dl>
        {lines.map(([label, value, tone], index) => (
          <div key={index}>
            <dt>{label}</dt>
            <dd className={tone ?? ""}>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Members({ members, total }: { members: Row[]; total: number }) {
  if (members.length === 0) return null;
  const more = total - members.length;
  return (
    <section className="lines" aria-label="Member prints">
      <h3>Member prints</h3>
      <table className="members">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" className="number">
              Price
            </th>
            <th scope="col" className="number">
              Size
            </th>
            <th scope="col">Exch</th>
            <th scope="col">Against</th>
          </tr>
        </thead>
        <tbody>
          {members.map(memberOf).map((member) => (
            <tr key={member.seq} title={`options.prints ${member.seq}, quote ${member.quote}`}>
              <td>{member.time}</td>
              <td className="number">{member.price}</td>
              <td className="number">{member.size}</td>
              <td>{member.venue}</td>
              <td className={member.tone}>{member.placement}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="note">and {more} more prints</p>}
    </section>
  );
}

function useEvidence(alertId: string, attempt: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: "loading" });
  useEffect(() => {
    const stop = new AbortController();
    setLoaded({ state: "loading" });
    fetchEvidence(alertId, stop.signal)
      .then((evidence) => setLoaded({ state: "there", evidence }))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : "unknown";
        if (!stop.signal.aborted) setLoaded({ state: "failed", why });
      });
    return () => stop.abort();
  }, [alertId, attempt]);
  return loaded;
}

/** Takes the focus when opened, gives it back when closed; Escape closes. */
function useDialog(onClose: () => void): React.RefObject<HTMLElement | null> {
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    drawer.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    const follow = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose();
    };
    document.addEventListener("keydown", follow);
    return () => document.removeEventListener("keydown", follow);
  }, [onClose]);
  return drawer;
}
