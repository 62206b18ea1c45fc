"""Cancels, corrections and late prints: what they change of packets, before they leave and after.

Owns the prints within reach of a cancel, the published packets and their further versions. A packet never
changes: what takes a member back, brings one late, or weakens what a member was proven to have opened, makes
the next version of it at its own event time; a packet still open then leaves with that from the start.
Refuses to decide anew who belonged together.

`begin` matches and corrects what leaves now, `finish` restates what had left; between the two the other
stages complete the fresh rows. `apply` does both for callers that have nothing to do in between.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from dataflows.analytics.cancels import MATCH_NONE, Cancel, Taken, find
from dataflows.analytics.held_ledger import EVER, Late, Ledger, Moment, Weaker
from dataflows.analytics.held_packets import KIND_LEG, KIND_PACKAGE, HeldPackets, Span
from dataflows.analytics.held_prints import HeldPrints, Opening, correction_row, openings, text_hashes
from dataflows.analytics.held_rows import with_values
from dataflows.analytics.held_types import HORIZON_NS, WAIT_NS, Begun, Restated, Turn
from dataflows.analytics.held_versions import (
    RESTATED,
    RETRACTED,
    Change,
    Reclassify,
    Stores,
    columns_after,
)
from dataflows.analytics.options_book import side_of
from dataflows.analytics.options_codes import CANCEL_NONE, CORRECTS
from dataflows.analytics.options_layout import Ints, Limits
from dataflows.analytics.release import Longs
from schemas.columns import Batch, complete, concat, empty
from schemas.fields import ABSENT
from schemas.kinds import CANCEL_MATCH, PRINT_STATUS, RESTATEMENT
from schemas.topics import TOPIC

_LATE: Final = PRINT_STATUS.index("late")
_PACKETS: Final = TOPIC["flow.packets"]


class Event(NamedTuple):
    """What makes a version of a packet that had left: prints that left it, prints that joined, and contracts
    that are no longer proven to have opened."""

    moment: Moment
    reason: str
    packet: int
    left: tuple[int, ...]
    joined: tuple[int, ...]
    weaker: int = 0


class Held:
    """State of one shard. `limits` are those of the parents, `reclassify` tells what is left of a package."""

    def __init__(self, limits: Limits, reclassify: Reclassify | None = None) -> None:
        self._limits, self._reclassify = limits, reclassify
        self._stores = Stores(HeldPrints(), HeldPackets(), Ledger())
        self._counts = dict.fromkeys((*CANCEL_MATCH[1:], "late_alone", "crowded_out", "not_kept"), 0)
        self._events: list[Event] = []
        self._turn: tuple[Turn, int, Begun] | None = None
        self._watermark = 0

    @property
    def counters(self) -> dict[str, int]:
        """Cancels by match, late prints without a packet, prints that left for others, alerts not kept."""
        return {f"held_{name}": count for name, count in self._counts.items()}

    def apply(self, turn: Turn) -> Restated:
        """Do `begin` and `finish` in one; the fresh rows need nothing from other stages."""
        return self.finish(self.begin(turn).fresh)

    def begin(self, turn: Turn) -> Begun:
        """Match what takes prints back, and correct the fresh packets before anything looks at them."""
        prints, packets, _ = self._stores
        if prints.is_trim_due(self._watermark):  # now, since what alerts stand on was kept by the caller
            self._trim(self._watermark)
        index, times = prints.begin(turn)
        contracts = turn.names.intern(turn.fresh["underlying"], turn.fresh["contract"])
        first = packets.register(turn.fresh, contracts)
        rows = len(turn.prints.seq)
        seqs = np.full(rows, ABSENT, np.int64)
        match = np.full(rows, MATCH_NONE, np.int32)
        touched = self._touched_before(first)
        self._events = []
        self._walk(turn, (index, times), (seqs, match), (first, touched))
        fresh, is_gone = self._corrected(turn, first, touched)
        begun = Begun(fresh, is_gone, seqs, match)
        self._turn = (turn, first, begun)
        return begun

    def finish(self, fresh: Batch) -> Restated:
        """Publish the fresh rows, completed by the other stages in the same order, and restate older ones."""
        assert self._turn is not None, "finish without begin"
        turn, first, begun = self._turn
        prints, packets, ledger = self._stores
        assert len(fresh) == len(begun.fresh), "fresh rows were added or lost"
        packets.publish(complete(fresh), first)
        versions = [row for event in self._events if (row := self._version(event, turn)) is not None]
        prints.end(turn)
        self._counts["late_alone"] += ledger.settle(turn.watermark - WAIT_NS)
        self._events, self._turn, self._watermark = [], None, turn.watermark
        rows = concat(versions) if versions else empty(_PACKETS)
        return Restated(rows, fresh, begun.is_gone, begun.cancels_seq, begun.cancel_match)

    def keep(self, packet_ids: list[str]) -> None:
        """Hold packets and their members to the end of the session, so that an alert can be taken back."""
        if not packet_ids:
            return
        prints, packets, ledger = self._stores
        listed, refused = packets.keep(packet_ids)
        corrected = [
            ledger.standing(seq, Moment(EVER, EVER)) for seq in listed.tolist() if seq in ledger.taken
        ]
        prints.keep(np.concatenate([listed, np.array(corrected, np.int64)]))
        self._counts["not_kept"] += refused

    def snapshot(self) -> dict[str, Any]:
        """Return everything held as plain data, between releases."""
        assert self._turn is None, "a snapshot between begin and finish"
        prints, packets, ledger = self._stores
        return {
            "prints": prints.snapshot(),
            "packets": packets.snapshot(),
            "ledger": ledger.snapshot(),
            "counts": tuple(self._counts.items()),
            "watermark": self._watermark,
        }

    @classmethod
    def restore(
        cls, plain: Mapping[str, Any], limits: Limits, reclassify: Reclassify | None = None
    ) -> "Held":
        """Return what `snapshot` described; limits and classifier are given anew."""
        found = cls(limits, reclassify)
        prints, packets = HeldPrints.restore(plain["prints"]), HeldPackets.restore(plain["packets"])
        found._stores = Stores(prints, packets, Ledger.restore(plain["ledger"]))
        found._counts |= dict(plain["counts"])
        found._watermark = plain["watermark"]
        return found

    def _walk(
        self, turn: Turn, when: tuple[Longs, Longs], out: tuple[Longs, Ints], fresh: tuple[int, set[int]]
    ) -> None:
        """Go through session starts, cancels, corrections and late prints in the order of application."""
        order, codes = turn.order, turn.codes
        index, times = when
        starts = openings(turn, int(index[0]) if len(index) else self._stores.prints.applied)
        is_taking = codes.takes_back[order] != CANCEL_NONE
        weakens = _weakens(turn)
        is_late = codes.status[order] == _LATE
        is_special = is_taking | is_late | np.isin(order, np.array(list(weakens), np.int64))
        names = text_hashes(turn.release.prints["refers_to"]) if is_taking.any() else np.zeros(0, np.int64)
        for place in np.flatnonzero(is_special).tolist():
            moment = Moment(int(times[place]), int(index[place]))
            while starts and starts[0].next_index <= moment.applied:
                self._enter_session(starts.pop(0), fresh)
            self._late_joins(moment.ts, fresh)
            row = int(order[place])
            if is_taking[place]:
                out[0][row], out[1][row] = self._take(turn, row, int(names[row]), moment, fresh)
            elif is_late[place]:
                self._late(turn, row, moment)
            for seq, opened in weakens.get(row, ()):
                self._weaken(seq, opened, moment, fresh)
        for start in starts:
            self._enter_session(start, fresh)
        self._late_joins(EVER, fresh)

    def _enter_session(self, opening: Opening, fresh: tuple[int, set[int]]) -> None:
        self._late_joins(opening.ts + 1, fresh)
        if self._stores.prints.enter_session(opening):
            self._stores.packets.session_ts = opening.ts

    def _take(
        self, turn: Turn, row: int, refers: int, moment: Moment, fresh: tuple[int, set[int]]
    ) -> tuple[int, int]:
        """Match one record that takes a print back; return that print and the kind of match."""
        prints, _, ledger = self._stores
        cancel = _cancel(turn, row, refers, moment)
        at, match = find(prints, ledger.taken, ledger.aliases, cancel)
        self._counts[CANCEL_MATCH[match]] += 1
        if at < 0:
            return ABSENT, match
        target = prints.table.row(at)
        seq, replacement = target["seq"], -1
        if cancel.meaning == CORRECTS:
            replacement = int(turn.prints.seq[row])
            prints.table.append(correction_row(turn, row, target, moment.applied))
            ledger.origin[replacement], ledger.aliases[replacement] = seq, refers
        ledger.taken[seq] = Taken(int(turn.prints.seq[row]), moment.applied, moment.ts, replacement)
        self._record(target, replacement, moment, fresh)
        return seq, match

    def _record(
        self, target: Mapping[str, int], replacement: int, moment: Moment, fresh: tuple[int, set[int]]
    ) -> None:
        """Tell the packet of a print that was taken back, or wait for it to leave."""
        _, packets, ledger = self._stores
        root = ledger.root(target["seq"])
        late = ledger.joined.get(root)
        owner = late[0] if late else packets.owner(root, target["contract"], target["side"])
        at = packets.find(owner)
        if at < 0:
            ledger.waiting[root] = moment.ts
        elif owner >= fresh[0] and packets.table["emit"][at] >= moment.ts:
            fresh[1].add(owner)
        else:
            reason = "cancel" if replacement < 0 else "correction"
            joined = () if replacement < 0 else (replacement,)
            self._events.append(Event(moment, reason, owner, (target["seq"],), joined))

    def _weaken(self, seq: int, opened: int, moment: Moment, fresh: tuple[int, set[int]]) -> None:
        """Let the bound of a print that still stands fall, and tell its packet or wait for that to leave."""
        prints, packets, ledger = self._stores
        row = prints.row_in_reach(seq, moment.applied, moment.ts)
        if row < 0 or seq in ledger.taken:
            return
        target = prints.table.row(row)
        off = ledger.opened(seq, moment, target["opened"]) - opened
        ledger.weaker.setdefault(seq, []).append(Weaker(moment, opened))
        owner = packets.owner(seq, target["contract"], target["side"])
        at = packets.find(owner)
        if at < 0:
            ledger.waiting[seq] = moment.ts
        elif owner >= fresh[0] and packets.table["emit"][at] >= moment.ts:
            fresh[1].add(owner)
        elif packets.table["kind"][at] not in (KIND_PACKAGE, KIND_LEG):  # those claim no bound
            self._events_weaker(owner, moment, off)

    def _events_weaker(self, owner: int, moment: Moment, off: int) -> None:
        """Take contracts off the bound of a packet that had left: one version of it for one print."""
        for at in range(len(self._events) - 1, -1, -1):
            event = self._events[at]
            if event.moment != moment:
                break
            if event.packet == owner:
                self._events[at] = event._replace(weaker=event.weaker + off)
                return
        self._events.append(Event(moment, "late", owner, (), (), off))

    def _late(self, turn: Turn, row: int, moment: Moment) -> None:
        """Find the packet a late print lies within among those that had left, or wait for it."""
        _, packets, ledger = self._stores
        seq, span = int(turn.prints.seq[row]), _span(turn, row, moment)
        is_in_reach = span.at >= moment.ts - HORIZON_NS  # of older packets some may still lie here
        for place in packets.spanning(span).tolist() if is_in_reach else ():
            number = int(packets.table["number"][place])
            if packets.table["emit"][place] < moment.ts and self._stands(number, moment):
                ledger.joined[seq] = (number, moment)
                self._events.append(Event(moment, "late", number, (), (seq,)))
                return
        ledger.lates.append(Late(seq, moment, span))

    def _stands(self, number: int, moment: Moment) -> bool:
        """Tell whether a packet has any member left at a moment."""
        _, packets, ledger = self._stores
        listed = packets.members(number)
        return any(ledger.standing(seq, moment) >= 0 for seq in listed)

    def _touched_before(self, first: int) -> set[int]:
        """Return the fresh packets that hold prints taken back in an earlier release."""
        _, packets, ledger = self._stores
        waiting = list(ledger.waiting)
        if not waiting or packets.count == first:
            return set()
        found = packets.new_owners(waiting)
        for _, seq in found:
            del ledger.waiting[seq]
        return {number for number, _ in found} | self._touched_large(first)

    def _touched_large(self, first: int) -> set[int]:
        """Return the same for packets that list only some of their members."""
        prints, packets, ledger = self._stores
        if not packets.table["more"][packets.table["number"] >= first].any():
            return set()
        found = set()
        for seq in list(ledger.waiting):
            row = prints.row_of(seq)
            held = prints.table
            owner = packets.owner(seq, int(held["contract"][row]), int(held["side"][row])) if row >= 0 else -1
            if owner >= first:
                found.add(owner)
                del ledger.waiting[seq]
        return found

    def _late_joins(self, until: int, fresh: tuple[int, set[int]]) -> None:
        """Let waiting late prints join the first packet to leave before `until` that they lie within."""
        _, packets, ledger = self._stores
        if not ledger.lates or packets.count == fresh[0]:
            return
        left = []
        for late in ledger.lates:
            table, places = packets.table, packets.spanning(late.span)
            is_next = (table["number"][places] >= fresh[0]) & (table["emit"][places] >= late.moment.ts)
            numbers = table["number"][places[is_next & (table["emit"][places] < until)]]
            if len(numbers):
                ledger.joined[late.seq] = (int(numbers.min()), late.moment)
                fresh[1].add(int(numbers.min()))
            else:
                left.append(late)
        ledger.lates = left

    def _corrected(self, turn: Turn, first: int, touched: set[int]) -> tuple[Batch, Any]:
        """Return the fresh rows as they leave, and which of them have nothing left."""
        is_gone = np.zeros(len(turn.fresh), np.bool_)
        changes: dict[int, Mapping[str, Any]] = {}
        for number in sorted(touched):
            row = number - first
            upto = Moment(int(turn.fresh["emit_ts"][row]), EVER)
            values = self._columns(turn.fresh.slice(row, row + 1), self._all_changes(number, upto), turn)
            is_gone[row] = values.get("status") == RETRACTED
            reason = {"reason": RESTATEMENT.index("cancel")} if is_gone[row] else {}
            changes[row] = values | reason
        return (with_values(turn.fresh, changes) if changes else turn.fresh), is_gone

    def _all_changes(self, number: int, upto: Moment) -> Change:
        """Return everything that happened to a packet before a moment."""
        _, packets, ledger = self._stores
        at = packets.find(number)
        listed = packets.members(number)
        if packets.table["more"][at]:
            span = packets.table["first_seq"][at], packets.table["last_seq"][at]
            known = dict.fromkeys((*ledger.taken, *ledger.weaker))
            inside = [s for s in known if span[0] <= s <= span[1] and s not in ledger.origin]
            listed += [s for s in inside if s not in listed and self._is_owner(number, s)]
        left = tuple(seq for seq in listed if ledger.left(seq, upto))
        stands = [ledger.standing(seq, upto) for seq in (*left, *ledger.joined_to(number, upto))]
        joined = tuple(seq for seq in stands if seq >= 0)
        return Change(number, upto, left, joined, sum(self._taken_off(seq, upto) for seq in listed))

    def _taken_off(self, seq: int, upto: Moment) -> int:
        """Return the contracts that a print was no longer proven to have opened at a moment."""
        prints, _, ledger = self._stores
        if seq not in ledger.weaker:
            return 0
        said = int(prints.table["opened"][prints.row_of(seq)])
        return said - ledger.opened(seq, upto, said)

    def _is_owner(self, number: int, seq: int) -> bool:
        prints, packets, _ = self._stores
        row = prints.row_of(seq)
        held = prints.table
        return row >= 0 and number == packets.owner(seq, int(held["contract"][row]), int(held["side"][row]))

    def _columns(self, row: Batch, change: Change, turn: Turn) -> dict[str, Any]:
        return columns_after(row, change, self._stores, self._limits, turn.names, self._reclassify)

    def _version(self, event: Event, turn: Turn) -> Batch | None:
        """Return the next version of the packet of an event; None where it is gone or no longer held."""
        packets = self._stores.packets
        at = packets.find(event.packet)
        if at < 0:
            return None
        row = packets.log.take(int(packets.table["row"][at]))
        if row["status"][0] == RETRACTED:
            return None
        change = Change(event.packet, event.moment, event.left, event.joined, event.weaker)
        values = {"status": RESTATED} | self._columns(row, change, turn)
        head = {"version": int(row["version"][0]) + 1, "emit_ts": event.moment.ts, "seq": 0}
        made = with_values(row, {0: {**values, **head, "reason": RESTATEMENT.index(event.reason)}})
        packets.table["row"][at] = packets.log.append(made)
        return made

    def _trim(self, watermark: int) -> None:
        prints, packets, ledger = self._stores
        self._counts["crowded_out"] += prints.trim(watermark)
        packets.trim(watermark)
        ledger.trim(prints.table["seq"].tolist())


def _weakens(turn: Turn) -> dict[int, list[tuple[int, int]]]:
    """Return by print row the prints whose bounds it weakens, with what of each still stands."""
    weakened = turn.weakened
    found: dict[int, list[tuple[int, int]]] = {}
    for row, seq, opened in zip(*(column.tolist() for column in weakened), strict=True):
        found.setdefault(row, []).append((seq, opened))
    return found


def _cancel(turn: Turn, row: int, refers: int, moment: Moment) -> Cancel:
    prints = turn.prints
    return Cancel(
        moment.applied,
        moment.ts,
        int(prints.contract[row]),
        int(prints.venue[row]),
        int(prints.price[row]),
        int(prints.size[row]),
        refers,
        int(turn.codes.takes_back[row]),
    )


def _span(turn: Turn, row: int, moment: Moment) -> Span:
    prints, placed = turn.prints, turn.placed
    side = side_of(placed.state[row], placed.placement[row]) if placed.is_stable[row] else 0
    return Span(
        int(prints.contract[row]),
        min(int(prints.source_ts[row]), moment.ts),
        int(side),
        int(prints.venue[row]),
        int(prints.family[row]),
    )
