/** The layout: chart over tapes on the left, claims on the right, the evidence over them. */

import { useCallback, useState } from "react";
import { ChartPanel } from "../chart/ChartPanel";
import { Alerts } from "../panels/Alerts";
import { DarkEvents } from "../panels/DarkEvents";
import { EvidenceDrawer } from "../panels/EvidenceDrawer";
import { Packets } from "../panels/Packets";
import type { Row } from "../net/rest";
import { Tapes } from "../tape/Tapes";
import { Announcer } from "./Announcer";
import { Banner } from "./Banner";
import { Header } from "./Header";
import { StatusBar } from "./StatusBar";
import { useRevision } from "./page";
import { useTheme } from "./theme";

export function App() {
  const [theme, toggleTheme] = useTheme();
  const [chosen, setChosen] = useState<Row | null>(null);
  const freshness = useRevision((page) => page.freshness);
  const close = useCallback(() => setChosen(null), []);
  const isDimmed = freshness === "stale" || freshness === "disconnected";
  return (
    <div className="page">
      <Header theme={theme} onTheme={toggleTheme} />
      <Banner />
      <main className={`main${isDimmed ? " dimmed" : ""}`}>
        <div className="left">
          <ChartPanel theme={theme} />
          <Tapes />
        </div>
        <div className="right">
          <Alerts chosenId={String(chosen?.alert_id ?? "")} onChoose={setChosen} />
          <Packets />
          <DarkEvents />
          {chosen !== null && <EvidenceDrawer alert={chosen} onClose={close} />}
        </div>
      </main>
      <StatusBar />
      <Announcer />
    </div>
  );
}
