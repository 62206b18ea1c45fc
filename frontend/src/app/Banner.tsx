/** Says in words that what is shown may be out of date. The page is dimmed meanwhile. */

import { useRevision } from "./page";

export function Banner() {
  const text = useRevision((page) => {
    if (page.freshness === "stale") {
      return "Stale: the feed is silent or behind. What is shown may be out of date.";
    }
    if (page.freshness !== "disconnected") return "";
    const wait = page.retryInS;
    const next = wait === null ? "Connecting again now." : `Connecting again in ${wait} s.`;
    return `Disconnected from the gateway. What is shown is out of date. ${next}`;
  });
  if (text === "") return null;
  return <div className="banner">{text}</div>;
}
