/** Tells screen readers of new alerts and of a changed connection, at most every ten seconds. */

import { useEffect, useState } from "react";
import { type Page, usePage } from "./page";

const SAY_EVERY_MS = 10_000;

export function Announcer() {
  const page = usePage();
  const [text, setText] = useState("");
  useEffect(() => {
    let seen = alertTotal(page);
    let freshness = page.freshness;
    const timer = setInterval(() => {
      const total = alertTotal(page);
      const sentences = [];
      if (page.freshness !== freshness) sentences.push(`Data is now ${page.freshness}.`);
      if (total > seen) sentences.push(alertSentence(page, total - seen));
      freshness = page.freshness;
      seen = total;
      if (sentences.length > 0) setText(sentences.join(" "));
    }, SAY_EVERY_MS);
    return () => clearInterval(timer);
  }, [page]);
  return (
    <div className="hidden" aria-live="polite" role="status">
      {text}
    </div>
  );
}

function alertTotal(page: Page): number {
  return page.market.view("flow.alerts").total;
}

function alertSentence(page: Page, fresh: number): string {
  const ring = page.market.view("flow.alerts");
  const latest = ring.text("sentence", ring.slotByAge(0));
  return `${fresh} new ${fresh === 1 ? "alert" : "alerts"}. Latest: ${latest}`;
}
