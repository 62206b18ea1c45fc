"""A receipt for a person at a terminal.

Owns the tables. Refuses colour as the only carrier of a meaning: every state has a word.
"""

from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.receipts.words import moment, plain

Plain = dict[str, Any]
Shown = Panel | Table | Text


def show(receipt: Plain, console: Console) -> None:
    """Print a receipt."""
    console.print(Group(*_parts(receipt)))


def _parts(receipt: Plain) -> list[Shown]:
    is_same = receipt["reproduced"]
    head = Text.assemble(
        ("REPRODUCED" if is_same else "NOT REPRODUCED", "bold green" if is_same else "bold red")
    )
    head.append(f"  {receipt['mode']}: {receipt['verdict']}")
    claim = receipt["claim"]
    title = f"alert {receipt['alert_id']} version {claim['version']}, {claim['status']}"
    parts: list[Shown | None] = [
        Panel(Text(claim["sentence"]), title=escape(title), title_align="left"),
        head,
    ]
    parts += [_failed(receipt["checks"]), _claim(receipt), _score(receipt), _turns(receipt)]
    parts += [_packets(receipt["packets"]), _legs(receipt["packets"]), _prints(receipt), _records(receipt)]
    parts += [_benign(receipt["benign"]), _history(receipt["history"])]
    return [p for p in parts if p is not None]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _failed(checks: list[Plain]) -> Shown | None:
    rows = [c for c in checks if not c["passed"]]
    if not rows:
        return None
    table = _table("Where it differs", "check", "column", "recorded", "recomputed")
    for check in rows:
        for d in check["differences"] or [{"column": "", "recorded": check["problem"], "recomputed": ""}]:
            cells = (check["check"], d["column"], str(d["recorded"]), str(d["recomputed"]))
            table.add_row(*map(escape, cells))
    return table


def _claim(receipt: Plain) -> Shown:
    claim, rule, story = receipt["claim"], receipt["rule"], receipt["story"]
    table = _table("Claim", "", "")
    thresholds = ", ".join(f"{n} {plain(v)}" for n, v in rule["thresholds"].items())
    rows = [
        ("rule", f"{rule['rule_id']} version {rule['version']}: {rule['name'] or ''}"),
        ("thresholds", thresholds or "not recorded"),
        ("direction", f"{claim['direction']}; volatility {claim['volatility_direction']}"),
        ("severity", claim["severity"]),
        ("what", f"{claim['kind']} of {claim['contract']}, side {claim['side']}"),
        ("size", f"{claim['size']:,} contracts, {claim['premium']:,.0f} USD"),
        ("story", f"{story['story_id'] or 'none'}, {story['story_alert_count']} alerts, "
                  f"{story['story_premium']:,.0f} USD"),
        ("delivered", "yes" if story["is_delivered"] else "held back by the budget"),
    ]  # fmt: skip
    base = receipt["baseline"]
    if base is not None:
        said = f"{base['baseline']} of {base['baseline_count']:,} packets"
        z = f"premium {base['premium_z']:.2f}, size {base['size_z']:.2f}, spread {base['spread_z']:.2f}"
        rows.append(("baseline", "none, so no z" if base["baseline"] == "none" else f"{said}; z: {z}"))
    for name, value in rows:
        table.add_row(name, escape(str(value)))
    return table


def _score(receipt: Plain) -> Shown:
    table = _table("Score", "part", "adds")
    for part in receipt["score"]["parts"]:
        table.add_row(part["part"], f"{part['value']:+.4f}")
    table.add_row("score", f"{receipt['score']['score']:.4f}")
    return table


def _turns(receipt: Plain) -> Shown:
    table = _table("What would have turned it off, each by itself", "holds", "condition")
    for turn in receipt["would_turn_it_off"]:
        table.add_row("yes" if turn["holds"] else "no", escape(turn["sentence"]))
    return table


def _packets(packets: list[Plain]) -> Shown:
    table = _table(
        "Packets",
        "packet",
        "version",
        "kind",
        "series",
        "size",
        "premium",
        "prints",
        "venues",
        "first",
        "place",
    )
    for packet in packets:
        row = packet["row"]
        why = "" if row["reason"] == "none" else f" {row['reason']}"
        table.add_row(
            row["packet_id"], f"{row['version']} {row['status']}{why}", row["kind"], row["contract"],
            f"{row['size']:,}", f"{row['premium']:,.2f}", f"{row['print_count']:,}", row["venues"],
            moment(row["start_ts"]), f"flow.packets {packet['partition']}/{packet['offset']}",
        )  # fmt: skip
    return table


def _legs(packets: list[Plain]) -> Shown | None:
    found = [p for p in packets if p["claims"]]
    if not found:
        return None
    newest = found[-1]
    claims = newest["claims"]
    chances = {n.removesuffix("_p"): v for n, v in claims.items() if n.endswith("_p") and v is not None}
    said = ", ".join(f"{name} {chance:.2f}" for name, chance in chances.items())
    title = f"Package {claims['package_class']}; confidence: {said or 'none'}"
    table = _table(title, "series", "ratio", "size", "price", "bid", "ask")
    for leg in newest["row"]["legs"] or []:
        ratio = f"{leg['ratio']:+d}" if leg["is_signed"] else f"±{abs(leg['ratio'])}"
        prices = (str(leg[name]) for name in ("price", "bid", "ask"))
        table.add_row(leg["contract"], ratio, f"{leg['size']:,}", *prices)
    net = claims["net_premium"]
    table.caption = (
        f"{claims['units']:,} units, net premium {'not known' if net is None else f'{net:,.2f} USD'}"
    )
    return table


def _prints(receipt: Plain) -> Shown:
    table = _table("Prints, each with the quote it met", "seq", "executed", "price", "size", "venue and code",
                   "read as", "quote", "age ms")  # fmt: skip
    for p in receipt["prints"]:
        read, quote = p["read_as"], p["quote"]
        stable = "" if read is None or read["is_placement_stable"] else ", not stable"
        said = "takes one back" if read is None else f"{read['placement']}{stable}"
        code = escape(f"{p['venue'] or '–'} {p['condition'] or '–'}: {p['code']['meaning']}")
        table.add_row(
            str(p["seq"]), moment(p["event_ts"])[11:], f"{p['price']:,}", f"{p['size']:,}",
            code, said, *_quote(quote),
        )  # fmt: skip
    if receipt["prints_not_listed"]:
        table.caption = f"the packet lists {len(receipt['prints'])} of its prints"
    return table


def _quote(quote: Plain | None) -> tuple[str, str]:
    if quote is None:
        return "–", "–"
    sizes = f"{quote['bid_size']} x {quote['ask_size']}"
    sides = f"{quote['bid']} / {quote['ask']} ({sizes}), {quote['quote_source']}"
    age = quote["quote_age_ns"]
    return sides, "–" if age is None else f"{age / 1e6:,.3f}"


def _records(receipt: Plain) -> Shown:
    table = _table("Raw records, by SHA-256 of their bytes", "record", "published", "sha256")
    seen = []
    for p in receipt["prints"]:
        seen.append((p, p["source_ts"]))
        if p["quote"] and "sha256" in p["quote"]:
            seen.append((p["quote"], p["quote"]["quote_ts"]))
    seen += [(p, p["source_ts"]) for p in receipt["stock_prints"]]
    named = {f"{r['topic']} {r['partition']}/{r['offset']} seq {r['seq']}": (r, ts) for r, ts in seen}
    for name, (record, ts) in named.items():
        table.add_row(name, moment(ts), record["sha256"])
    return table


def _benign(readings: list[Plain] | None) -> Shown:
    table = _table("Innocent readings", "weight", "reading", "evidence")
    for reading in readings or []:
        table.add_row(f"{reading['weight']:.2f}", reading["reading"], escape(str(reading["evidence"])))
    if not readings:
        table.add_row("", "none fits", "")
    return table


def _history(versions: list[Plain]) -> Shown:
    table = _table("History", "version", "status", "reason", "at", "score", "packet")
    for v in versions:
        table.add_row(
            str(v["version"]), v["status"], v["reason"], moment(v["emit_ts"]), f"{v['score']:.4f}",
            f"{v['packet_id']} version {v['packet_version']}",
        )  # fmt: skip
    return table
