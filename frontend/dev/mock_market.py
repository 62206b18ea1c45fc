"""A made-up market for trying the page: seeded rows in the forms the gateway sends.

A development tool, never part of the product: the synthetic feed of the product is another thing.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any

START_NS = 1_765_204_200_000_000_000  # 8 December 2025, 09:30 in New York
SPOTS = {"SPY": 684.1, "NVDA": 182.4, "IBM": 308.2, "TSLA": 452.9, "AAPL": 278.7, "QQQ": 625.3}
INTERVALS_S = (1, 5, 60, 300)
PLACEMENTS = ("above_ask", "at_ask", "inside_ask", "mid", "inside_bid", "at_bid", "below_bid")
OFFSETS = (0.03, 0.02, 0.01, 0.0, -0.01, -0.02, -0.03)
WEIGHTS = (3, 30, 8, 14, 8, 30, 3)
EXPIRY_BUCKETS = {20251212: "week", 20251219: "month", 20260116: "quarter", 20260618: "later"}
BENIGN = (
    '[{"reading": "roll", "version": 1, "weight": 0.38, "evidence": "the same strikes in two expiries"},'
    ' {"reading": "retail_auction", "version": 1, "weight": 0.15, "evidence": "62% in auctions"}]'
)

Row = dict[str, Any]


FROM_PRINT = (
    "contract",
    "expiry",
    "strike",
    "right",
    "side",
    "size",
    "premium",
    "quote_state",
    "placement",
    "quote_ts",
    "quote_seq",
    "bid",
    "ask",
)


class MockMarket:
    """Rows by channel; every call of `step` moves event time on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now_ns = START_NS
        self.sigma = 0.0
        self.spots = dict(SPOTS)
        self.seqs: dict[str, int] = {}
        self.candles: dict[tuple[str, int, int], Row] = {}
        self.packets: dict[str, Row] = {}
        self.alerts: dict[str, Row] = {}
        self.members: dict[str, list[Row]] = {}
        self.stories: dict[tuple[str, ...], Row] = {}
        self.held: dict[str, int] = {}

    def step(self, prints: int, span_ns: int) -> dict[str, list[Row]]:
        """Rows of `prints` option prints and as many equity prints over `span_ns`."""
        out: dict[str, list[Row]] = {name: [] for name in ("options.placed", "equities.joins")}
        changed: dict[tuple[str, int, int], Row] = {}
        self.sigma = 0.00012 * math.sqrt(span_ns / prints / 1e9)
        for _ in range(prints):
            self.now_ns += span_ns // prints
            out["options.placed"].append(self._option())
            join = self._equity()
            out["equities.joins"].append(join)
            changed.update(self._candle(join))
        out["equities.candles"] = list(changed.values())
        out["flow.packets"] = [self._packet(r) for r in out["options.placed"] if r["size"] > 60]
        out["flow.alerts"] = [self._alert(p) for p in out["flow.packets"] if p["premium"] > 1.2e5]
        out["flow.alerts"] += self.later()
        out["dark.events"] = [self._dark(r) for r in out["equities.joins"] if r["notional"] > 4e6]
        return out

    def _seq(self, channel: str) -> int:
        self.seqs[channel] = self.seqs.get(channel, -1) + 1
        return self.seqs[channel]

    def _head(self, channel: str, underlying: str) -> Row:
        now = str(self.now_ns)
        head = {"seq": self._seq(channel), "emit_ts": now, "underlying": underlying}
        return (
            head
            if channel in ("flow.packets", "flow.alerts")
            else head | {"source_ts": now, "event_ts": now, "print_seq": head["seq"]}
        )

    def _placed(self, fair: float) -> Row:
        index = self.random.choices(range(len(PLACEMENTS)), WEIGHTS)[0]
        price = round(fair + OFFSETS[index], 2)
        return {
            "price": price,
            "placement": PLACEMENTS[index],
            "is_placement_stable": True,
            "bid": round(fair - 0.02, 2),
            "ask": round(fair + 0.02, 2),
            "quote_state": "normal",
            "quote_ts": str(self.now_ns - 3_000_000),
            "quote_seq": 7,
            "quote_age_ns": int(self.random.expovariate(1 / 4e7)),
            "status": "ok",
        }

    def _option(self) -> Row:
        name = self.random.choices(list(SPOTS), (6, 5, 1, 4, 2, 4))[0]
        right = self.random.choice("CP")
        strike = float(round(self.spots[name] / 5) * 5 + 5 * self.random.randint(-6, 6))
        fair = max(0.05, round(self.random.lognormvariate(0.8, 0.8), 2))
        placed = self._placed(fair)
        size = max(1, int(self.random.paretovariate(0.9)))
        side = {"at_ask": "buy", "above_ask": "buy", "at_bid": "sell", "below_bid": "sell"}
        expiry = self.random.choice((20251212, 20251219, 20260116, 20260618))
        return (
            self._head("options.placed", name)
            | placed
            | {
                "contract": f"{name:<6}{expiry - 20000000}{right}{int(strike * 1000):08d}",
                "expiry": expiry,
                "strike": strike,
                "right": right,
                "size": min(size, 4000),
                "premium": round(placed["price"] * min(size, 4000) * 100, 2),
                "venue": self.random.choice("ABCIMNPQXZ"),
                "condition": "",
                "code_family": self.random.choice(("electronic", "iso", "auction", "multi_leg")),
                "side": side.get(placed["placement"], "none"),
            }
        )

    def _equity(self) -> Row:
        name = self.random.choices(list(SPOTS), (6, 5, 1, 4, 2, 4))[0]
        self.spots[name] *= 1 + self.random.gauss(0, self.sigma)
        placed = self._placed(round(self.spots[name], 2))
        is_off = self.random.random() < 0.35
        size = float(min(60_000, int(100 * self.random.paretovariate(0.85))))
        return (
            self._head("equities.joins", name)
            | placed
            | {
                "size": size,
                "notional": round(size * placed["price"], 2),
                "venue": "D" if is_off else self.random.choice("KNPQZ"),
                "off_exchange": is_off,
                "conditions": "@" if is_off else "@F",
            }
        )

    def _candle(self, join: Row) -> dict[tuple[str, int, int], Row]:
        found = {}
        price, size = join["price"], join["size"]
        for interval in INTERVALS_S:
            start = self.now_ns // (interval * 10**9) * interval * 10**9
            key = (join["underlying"], interval, start)
            row = dict(
                self.candles.get(key)
                or {
                    "underlying": key[0],
                    "interval_s": interval,
                    "start_ts": str(start),
                    "version": -1,
                    "status": "final",
                    "open": price,
                    "high": price,
                    "low": price,
                    "volume": 0.0,
                    "off_exchange_volume": 0.0,
                    "notional": 0.0,
                    "trade_count": 0,
                }
            )
            row |= {
                "version": row["version"] + 1,
                "high": max(row["high"], price),
                "low": min(row["low"], price),
                "close": price,
                "volume": row["volume"] + size,
                "notional": row["notional"] + join["notional"],
            }
            self.candles[key] = found[key] = row
        return found

    def _packet(self, row: Row) -> Row:
        kind = self.random.choices(
            ("sweep", "split", "block", "single", "iso_single", "package"), (4, 2, 2, 3, 1, 3)
        )[0]
        packet = self._head("flow.packets", row["underlying"]) | {k: row[k] for k in FROM_PRINT}
        identity = f"{self.random.getrandbits(64):016x}"
        count = self.random.randint(2, 8) if kind in ("sweep", "split") else 1
        packet |= {
            "packet_id": identity,
            "version": 1,
            "status": "final",
            "reason": "none",
            "kind": kind,
            "start_ts": row["event_ts"],
            "end_ts": str(int(row["event_ts"]) + 41_000_000),
            "print_count": count,
            "taker_event_count": count,
            "average_price": row["price"],
            "venue_count": min(count, 5),
            "venues": "ACNPX"[: min(count, 5)],
            "iso_size": row["size"] // 2,
            "code_family": row["code_family"],
            "at_ask_size": row["size"] if row["side"] == "buy" else 0,
            "at_bid_size": row["size"] if row["side"] == "sell" else 0,
            "inside_size": row["size"] if row["side"] == "none" else 0,
            "first_print_seq": row["print_seq"],
            "last_print_seq": row["print_seq"] + count - 1,
            "baseline": "contract",
            "baseline_count": 120,
            "spread_z": 0.2,
            "size_z": 2.1,
            "premium_z": round(self.random.gauss(1.5, 1.2), 2),
            "side_label": "none" if row["side"] == "none" else "uncalibrated",
            "p_aggressor_buy": {"buy": 0.93, "sell": 0.06, "none": None}[row["side"]],
            "aggressor_method": "none" if row["side"] == "none" else "combined",
            "p_customer_buy": None,
            "customer_method": "none",
            "package_class": "none",
            "legs": "[]",
        }
        if kind == "package":
            packet |= self._package(packet)
        self.packets[identity] = packet
        self.members[identity] = [
            row | {"print_seq": row["print_seq"] + i, "size": max(1, row["size"] // count)}
            for i in range(count)
        ]
        return packet

    def _alert(self, packet: Row) -> Row:
        is_call, side = packet["right"] == "C", packet["side"]
        delta = "unknown" if side == "none" else ("bullish" if is_call == (side == "buy") else "bearish")
        volatility = {"buy": "long", "sell": "short", "none": "unknown"}[side]
        words = {
            "buy": "at or above the ask",
            "sell": "at or below the bid",
            "none": "inside the spread",
        }
        sentence = (
            f"{packet['underlying']} {packet['strike']:g} {'calls' if is_call else 'puts'}: "
            f"{packet['size']:,} contracts in a {packet['kind'].replace('_', ' ')} {words[side]}, "
            f"consistent with a {delta} view."
        )
        alert = self._head("flow.alerts", packet["underlying"]) | {
            k: packet[k] for k in ("packet_id", "contract", "kind", "side", "size", "premium")
        }
        alert |= {
            "alert_id": f"a{packet['packet_id']}",
            "version": 1,
            "status": "opened",
            "reason": "none",
            "rule_id": "call_sweep" if is_call else "put_sweep",
            "rule_version": 1,
            "packet_version": 1,
            "packet_ids": f'["{packet["packet_id"]}"]',
            "direction": delta,
            "volatility_direction": volatility,
            "sentence": sentence,
            "evidence": '{"premium_z": 3.1, "threshold": {"premium_usd": 100000}}',
            "benign": BENIGN if packet["kind"] == "package" else "[]",
        }
        alert |= self._score(packet)
        alert |= self._story(alert, packet)
        self.alerts[alert["alert_id"]] = alert
        return alert

    def _package(self, packet: Row) -> Row:
        """A vertical of two strikes, with what is claimed of it."""
        other = packet["contract"][:13] + f"{int((packet['strike'] + 5) * 1000):08d}"
        half = packet["size"] // 2
        price = packet["average_price"]
        legs = [
            {"contract": packet["contract"], "ratio": 1, "is_signed": True, "size": half, "price": price},
            {
                "contract": other,
                "ratio": -1,
                "is_signed": True,
                "size": half,
                "price": round(price * 0.6, 2),
            },
        ]
        return {
            "package_class": "vertical",
            "geometry": "vertical",
            "legs": json.dumps(legs),
            "units": half,
            "net_premium": round(packet["premium"] * 0.2, 2),
            "grouping_p": 0.98,
            "geometry_p": 0.97,
            "sign_p": 0.95,
            "direction_p": 0.71,
            "roll_p": None,
            "stock_tie_p": None,
        }

    def _score(self, packet: Row) -> Row:
        parts = {
            "score_premium": round(min(0.35, 0.175 * math.log10(packet["premium"] / 50_000)), 4),
            "score_side": 0.0 if packet["side"] == "none" else round(self.random.uniform(0.06, 0.14), 4),
            "score_z": round(min(0.15, max(0.0, packet["premium_z"]) * 0.01875), 4),
            "score_structure": round(self.random.uniform(0.14, 0.25), 4),
            "score_novelty": round(self.random.uniform(0.02, 0.1), 4),
        }
        noise = self.random.choice((0.0, 0.0, 0.05, 0.12))
        score = round(sum(parts.values()) - noise, 4)
        return parts | {"score_noise": noise, "score": score}

    def _story(self, alert: Row, packet: Row) -> Row:
        """The running figures of the story this alert belongs to."""
        bucket = EXPIRY_BUCKETS[packet["expiry"]]
        key = (alert["underlying"], alert["direction"], alert["volatility_direction"], bucket)
        story = self.stories.setdefault(key, {"id": f"s{len(self.stories):015x}", "rows": []})
        story["rows"].append(alert)
        rows = story["rows"][-12:]
        is_delivered = len(story["rows"]) % 5 != 0
        held = self.held.get(alert["underlying"], 0) + (not is_delivered)
        self.held[alert["underlying"]] = held
        best = max(r["score"] for r in rows)
        return {
            "story_id": f"{story['id']}{len(story['rows']) // 12}",
            "story_alert_count": (len(story["rows"]) - 1) % 12 + 1,
            "story_premium": round(sum(r["premium"] for r in rows), 2),
            "story_score": best,
            "expiry_bucket": bucket,
            "severity": "high" if best > 0.62 else "medium" if best > 0.5 else "low",
            "is_delivered": is_delivered,
            "held_back_count": held,
        }

    def later(self) -> list[Row]:
        """A further version of an old alert now and then: taken back, or over."""
        if not self.alerts or self.random.random() > 0.04:
            return []
        alert = self.random.choice(list(self.alerts.values())[-30:])
        if alert["status"] != "opened":
            return []
        status, reason = self.random.choice((("retracted", "cancel"), ("expired", "expiry")))
        again = alert | {"version": 2, "status": status, "reason": reason, "emit_ts": str(self.now_ns)}
        self.alerts[alert["alert_id"]] = again
        return [again]

    def _dark(self, row: Row) -> Row:
        return (
            self._head("dark.events", row["underlying"])
            | {k: row[k] for k in ("price", "size", "notional", "placement", "bid", "ask", "source_ts")}
            | {
                "dark_id": f"d{row['print_seq']}",
                "version": 0,
                "status": "final",
                "kind": "absorbed_block",
                "rule_version": 1,
                "settled_bid": row["bid"],
                "settled_ask": row["ask"],
                "evidence": "{}",
                "sentence": f"{row['size']:,.0f} shares of {row['underlying']} reported off exchange "
                f"at {row['price']:.2f}; the quote held for 30 s, consistent with a block "
                "already absorbed.",
            }
        )
