"""Hits, alerts and stories: which rules hold on a packet, what they add up to, and how long it stands.

Owns the life of an alert. It opens where the score of a rule on a packet reaches the alert score. Within
the cooldown a further packet of the same rule and story joins it as a new version; one that scores a tenth
more or has twice the premium becomes its main packet, whose claim the alert then states. A later version of
a packet restates its hits and alerts, or retracts them where they no longer hold; another packet that is held
takes the place of a main one that fell. At the end of its story an alert expires, once; it can still be
restated and retracted until the session ends. What did not change gets no new version.

Refuses to delay a hit, to let the budget of delivery touch one, and to let two alerts on a packet disagree.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from dataflows.analytics.alerts_config import AlertConfig
from dataflows.analytics.alerts_rows import (
    Row,
    alert_id,
    batch_of,
    claim_row,
    packet_list,
    said,
)
from dataflows.analytics.alerts_score import parts_of
from dataflows.analytics.alerts_stories import Rates, Stories, Story, expiry_bucket
from dataflows.analytics.alerts_table import Alert, Claim, Hit, HitTable, Record
from dataflows.analytics.benign import Known, joined, readings
from dataflows.analytics.release import ROW_NOTE, ROW_SESSION, Note, Release, Session
from dataflows.analytics.rules.evaluate import evaluate
from dataflows.analytics.rules.hits import hit_row, packet_rows
from dataflows.analytics.rules.model import Rule
from schemas.columns import Batch
from schemas.kinds import ALERT_STATUS, RESTATEMENT, VERSION_STATUS

OPENED, UPDATED, RETRACTED, EXPIRED = range(4)
assert ALERT_STATUS == ("opened", "updated", "retracted", "expired")
_EXPIRY: Final = RESTATEMENT.index("expiry")
_JOINED: Final = RESTATEMENT.index("joined")
_ESCALATED: Final = RESTATEMENT.index("escalated")
_RESTATED: Final = VERSION_STATUS.index("restated")
_WITHDRAWN: Final = VERSION_STATUS.index("retracted")
_BEFORE, _MARK, _NOTE, _AT = range(4)  # order at one time: packets that ran before it, marks, notes, the rest
_UNDERLYINGS: Final = 65_536  # whose next dividend is remembered; more is a fault of the log

_FIRST: Final = {"version": 1, "status": VERSION_STATUS.index("final")}

Held = list[tuple[Rule, float]]
Event = tuple[int, int, Any, Held]


class AlertBook:
    """The hits, alerts and stories of one shard."""

    def __init__(self, rules: Sequence[Rule], config: AlertConfig) -> None:
        self._rules, self._config = tuple(rules), config
        self._by_id = {rule.rule_id: rule for rule in rules}
        self._hits = HitTable(config.standing_hits)
        self._alerts: OrderedDict[str, Alert] = OrderedDict()
        self._stories = Stories(config.stories_per_hour)
        self._rates = Rates()
        self._session, self._close_ts = "", 0
        self._ex_dates: dict[str, str] = {}
        self._counts = {"evicted_alerts": 0, "passed_over_versions": 0}
        self._out: tuple[list[Row], list[Row]] = ([], [])

    @property
    def counters(self) -> dict[str, int]:
        """What left at a bound: packets with hits, alerts, and versions of packets that came too late."""
        return {"evicted_hits": self._hits.evicted, **self._counts}

    def apply(self, packets: Batch, release: Release) -> dict[str, Batch]:
        """Judge the packet rows of a release, in emission order; return flow.hits and flow.alerts.

        Rows leave in order of emit_ts, that of their packet or, of an expiry, the end of the story.
        """
        self._out = ([], [])
        for ts, order, what, held in self._events(packets, release):
            self._expire(ts if order == _MARK else ts - 1)
            if order == _MARK:
                self._mark(what, ts)
            elif order == _NOTE:
                self._note(what)
            else:
                self._packet(what, held)
        self._expire(release.watermark)
        hits, alerts = self._out
        self._out = ([], [])
        return {"flow.hits": batch_of("flow.hits", hits), "flow.alerts": batch_of("flow.alerts", alerts)}

    def _events(self, packets: Batch, release: Release) -> Iterator[Event]:
        """Yield packets with hits, later versions of such packets, marks and notes in the order of time."""
        found: list[Event] = []
        nothing: Held = []
        for kind, order, source in ((ROW_SESSION, _MARK, release.sessions), (ROW_NOTE, _NOTE, release.notes)):
            where = np.flatnonzero(release.row_kind == kind)
            for ts, row in zip(
                release.effective_ts[where].tolist(), release.row[where].tolist(), strict=True
            ):
                found.append((ts, order, source[row], nothing))
        for packet, held in self._judged(packets):
            ts = packet["emit_ts"]
            found.append((ts, _AT if packet["start_ts"] >= ts else _BEFORE, packet, held))
        found.sort(key=lambda event: event[:2])
        return iter(found)

    def _judged(self, packets: Batch) -> Iterator[tuple[Row, Held]]:
        """Yield the packets on which a rule holds, and later versions of packets on which one held."""
        if not len(packets):
            return
        emit = packets["emit_ts"]
        assert (emit[1:] >= emit[:-1]).all(), "packets must come in the order of emission"
        is_gone = packets["status"] == _WITHDRAWN
        by_row: dict[int, Held] = {}
        for row, number, strength in evaluate(packets, self._rules):
            if not is_gone[row]:
                by_row.setdefault(row, []).append((self._rules[number], strength))
        ids = packets["packet_id"]
        seen = {ids[row].as_py() for row in by_row}
        for row in np.flatnonzero(packets["version"] > 1).tolist():
            packet_id = ids[row].as_py()
            if packet_id in seen or packet_id in self._hits:
                by_row.setdefault(row, [])
        index = np.array(sorted(by_row), np.int64)
        for row, packet in zip(index.tolist(), packet_rows(packets.take(index)), strict=True):
            yield packet, by_row[row]

    def _mark(self, session: Session, ts: int) -> None:
        """End the session where another one begins; a gap inside one ends nothing."""
        if session.name == self._session:
            return
        for story in self._stories.end_session():
            self._expire_story(story, ts)
        self._hits.end_session(ts)
        self._alerts.clear()
        self._session, self._close_ts = session.name, session.close_ts

    def _note(self, note: Note) -> None:
        if note.name == "story_rates":
            self._rates = Rates.read(note.detail)
            return
        is_dividend = note.name == "corporate_action" and note.detail.get("kind") == "dividend"
        if is_dividend and (len(self._ex_dates) < _UNDERLYINGS or note.underlying in self._ex_dates):
            self._ex_dates[note.underlying] = str(note.detail.get("date", ""))

    def _packet(self, packet: Row, held: Held) -> None:
        """State, restate or retract the hits of one version of a packet, and the alerts on them."""
        self._hits.age(packet["emit_ts"])
        record = self._hits.find(packet["packet_id"])
        if record is None:
            if self._hits.is_beyond(packet):
                self._counts["passed_over_versions"] += 1
                return
            record = self._hits.open(packet)
        for rule, strength in held:
            row = hit_row(packet, rule, strength) | _FIRST
            hit = self._state(record, rule, row, packet)
            self._judge(packet, record, (rule, hit, row))
        holding = {rule.rule_id for rule, _ in held}
        for rule_id, hit in record.hits.items():
            if hit.said and rule_id not in holding:
                self._withdraw(packet, record, rule_id)
        self._check(packet, record)

    def _state(self, record: Record, rule: Rule, row: Row, packet: Row) -> Hit:
        """Put out a hit where it is new or says something else than before."""
        token, hit = said(packet, rule, row), record.hits.get(rule.rule_id)
        if hit is None:
            hit = record.hits[rule.rule_id] = Hit(1, token, row["score"])
            self._out[0].append(row)
        elif hit.said != token:
            hit.version, hit.said, hit.score = hit.version + 1, token, row["score"]
            self._out[0].append(row | {"version": hit.version, "status": _RESTATED})
        return hit

    def _withdraw(self, packet: Row, record: Record, rule_id: str) -> None:
        """Retract a hit that this version of its packet no longer carries; it keeps its last score."""
        rule, hit = self._by_id[rule_id], record.hits[rule_id]
        hit.version, hit.said = hit.version + 1, ""
        self._out[0].append(hit_row(packet, rule, hit.score) | {"version": hit.version, "status": _WITHDRAWN})
        alert = self._alerts.get(hit.alert_id)
        if alert is not None:
            self._leave(packet, record, hit, alert)

    def _judge(self, packet: Row, record: Record, on: tuple[Rule, Hit, Row]) -> None:
        """Score a standing hit, and let it open, join, restate or leave an alert."""
        rule, hit, row = on
        alert = self._alerts.get(hit.alert_id)
        if hit.alert_id and alert is None:
            self._counts["passed_over_versions"] += 1  # its alert left at the bound
            return
        if alert is not None and not alert.is_standing:
            alert, hit.alert_id = None, ""
        key = story_key(packet)
        before = None if alert is None else alert.claim_of(packet["packet_id"])
        claim = self._claim(packet, rule, row, before)
        is_enough = claim.score >= self._config.score
        if alert is not None and is_enough and alert.key == key:
            self._restate(packet, alert, claim)
            return
        if alert is not None:
            self._leave(packet, record, hit, alert)
        if is_enough:
            self._open_or_join(packet, hit, rule, claim)

    def _claim(self, packet: Row, rule: Rule, row: Row, before: Claim | None) -> Claim:
        known = Known(self._session, self._close_ts, self._ex_dates.get(packet["underlying"], ""))
        found = readings(packet, known, rule.rule_id)
        is_first = self._stories.find(story_key(packet)) is None if before is None else before.is_first
        parts = parts_of(packet, row["score"], joined(found), is_first, self._config.premium_floor)
        return Claim(claim_row(packet, row, parts, found), parts.score, is_first)

    def _open_or_join(self, packet: Row, hit: Hit, rule: Rule, claim: Claim) -> None:
        key, ts, own_id = story_key(packet), packet["emit_ts"], alert_id(rule, packet["packet_id"])
        own = self._alerts.get(own_id)
        if own is not None and own.is_standing and (own.is_over or own.key != key):
            return  # its alert stands on other packets, elsewhere: one identity cannot say both
        story = self._stories.join(key, ts, own_id)
        latest = self._alerts.get(story.latest.get(rule.rule_id, ""))
        is_near = latest is not None and ts - latest.opened_ts <= self._config.cooldown_ns
        joins = next((a for a in (own, latest if is_near else None) if a is not None and a.is_standing), None)
        alert = joins or self._opened(own, own_id, key, ts)
        is_main = alert.add(claim)
        hit.alert_id = alert.alert_id
        story.latest[rule.rule_id] = alert.alert_id
        story.scores[alert.alert_id] = alert.claims[0].score
        story.count_premium(packet["packet_id"], packet["premium"])
        if joins is None:
            if not story.is_delivered:
                self._stories.count_held_back(key[0])
            self._put(alert, story, OPENED, (ts, packet["reason"]))
        else:
            self._put(alert, story, UPDATED, (ts, _ESCALATED if is_main else _JOINED))

    def _opened(self, own: Alert | None, own_id: str, key: tuple[str, int, int, int], ts: int) -> Alert:
        """Return a new alert, or the retracted one of this rule and packet, which opens again."""
        version = 0 if own is None else own.version
        self._alerts[own_id] = alert = Alert(own_id, key, ts, version)
        if len(self._alerts) > self._config.standing_alerts:
            _, oldest = self._alerts.popitem(last=False)
            story = self._story(oldest)
            if story is not None:
                story.scores.pop(oldest.alert_id, None)
            self._counts["evicted_alerts"] += 1
        return alert

    def _restate(self, packet: Row, alert: Alert, claim: Claim) -> None:
        """Put out an alert anew where a version of one of its packets says something else."""
        place = next((k for k, c in enumerate(alert.claims) if c.packet_id == claim.packet_id), None)
        story = self._story(alert)
        if story is not None:
            story.count_premium(packet["packet_id"], packet["premium"])
        if place is None or _told(alert.claims[place]) == _told(claim):
            return
        alert.claims[place] = claim
        self._put(alert, story, UPDATED, (packet["emit_ts"], packet["reason"]))

    def _leave(self, packet: Row, record: Record, hit: Hit, alert: Alert) -> None:
        """Take a packet out of an alert; the alert is retracted where nothing is left to state."""
        hit.alert_id = ""
        if not alert.is_standing:
            return
        alert.drop(packet["packet_id"])
        story = self._story(alert)
        if story is not None:
            if not record.is_alerted:
                story.drop_premium(packet["packet_id"])
            if not alert.is_standing:
                story.scores.pop(alert.alert_id, None)
        status = UPDATED if alert.is_standing else RETRACTED
        self._put(alert, story, status, (packet["emit_ts"], packet["reason"]))

    def _story(self, alert: Alert) -> Story | None:
        """Return the story of an alert while it is open."""
        return None if alert.is_over else self._stories.find(alert.key)

    def _put(self, alert: Alert, story: Story | None, status: int, when: tuple[int, int]) -> None:
        """Put out the next version of an alert; one whose story is over stays expired."""
        ts, reason = when
        alert.version += 1
        row = dict(alert.row)
        if alert.is_standing:
            row |= alert.claims[0].row
        if story is not None:
            if alert.is_standing:
                story.scores[alert.alert_id] = alert.claims[0].score
            row |= story.columns()
            row["severity"] = self._rates.severity(row["story_score"])
            row["held_back_count"] = self._stories.held_back(alert.key[0])
        row |= {
            "seq": 0,
            "emit_ts": ts,
            "underlying": alert.key[0],
            "alert_id": alert.alert_id,
            "version": alert.version,
            "status": EXPIRED if alert.is_over and status == UPDATED else status,
            "reason": reason,
            "packet_ids": packet_list(alert.packet_ids, alert.more),
        }
        alert.row = row
        self._out[1].append(row)

    def _expire(self, until_ts: int) -> None:
        """Let the stories end that are due at or before a time, in the order of their ends."""
        while (story := self._stories.ended(until_ts)) is not None:
            self._expire_story(story, story.due_ts)

    def _expire_story(self, story: Story, ts: int) -> None:
        for name in list(story.scores):
            alert = self._alerts[name]
            self._put(alert, story, EXPIRED, (ts, _EXPIRY))
            alert.is_over = True

    def _check(self, packet: Row, record: Record) -> None:
        """Fail where two standing alerts whose main packet this is would point apart: that is our bug."""
        named = {hit.alert_id for hit in record.hits.values() if hit.alert_id}
        mine = [a for n in sorted(named) if (a := self._alerts.get(n)) is not None and a.is_standing]
        heads = [a.claims[0] for a in mine if a.claims[0].packet_id == packet["packet_id"]]
        told = {(c.row["direction"], c.row["volatility_direction"]) for c in heads}
        assert len(told) <= 1, f"alerts on packet {packet['packet_id']} disagree"

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same bytes."""
        return {
            "hits": self._hits.snapshot(),
            "alerts": [alert.snapshot() for alert in self._alerts.values()],
            "stories": self._stories.snapshot(),
            "rates": asdict(self._rates),
            "session": (self._session, self._close_ts),
            "ex_dates": dict(self._ex_dates),
            "counts": dict(self._counts),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], rules: Sequence[Rule], config: AlertConfig) -> "AlertBook":
        """Return what `snapshot` described; rules and settings are those it was made with."""
        book = cls(rules, config)
        book._hits = HitTable.restore(snapshot["hits"], config.standing_hits)
        book._alerts.update((plain["alert_id"], Alert.restore(plain)) for plain in snapshot["alerts"])
        book._stories = Stories.restore(snapshot["stories"], config.stories_per_hour)
        rates = snapshot["rates"]
        book._rates = Rates(rates["sessions"], tuple(rates["scores"]), tuple(rates["per_day"]))
        book._session, book._close_ts = snapshot["session"]
        book._ex_dates, book._counts = dict(snapshot["ex_dates"]), dict(snapshot["counts"])
        return book


def story_key(packet: Mapping[str, Any]) -> tuple[str, int, int, int]:
    """Return what the packets of one story share."""
    return (
        packet["underlying"],
        packet["direction"],
        packet["volatility_direction"],
        expiry_bucket(packet["days_to_expiry"]),
    )


def _told(claim: Claim) -> tuple[Any, ...]:
    """Return what a reader sees of a claim: without it changing, no version is put out."""
    names = (
        "score", "score_noise", "premium", "size", "side", "direction", "volatility_direction", "sentence",
        "benign",
    )  # fmt: skip
    return tuple(claim.row[name] for name in names)
