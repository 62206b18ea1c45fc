/** Flow packets: prints of one series and side that belong together, as a small tape. */

import { useRevision } from "../app/page";
import { Tape } from "../tape/Tape";
import { PACKET_TAPE } from "../tape/specs";

export function Packets() {
  const isPaused = useRevision((page) => page.market.isPaused);
  return (
    <section className="panel packets" aria-label={PACKET_TAPE.label}>
      <div className="bar">
        <h2>{PACKET_TAPE.label}</h2>
      </div>
      <Tape spec={PACKET_TAPE} isPaused={isPaused} />
    </section>
  );
}
