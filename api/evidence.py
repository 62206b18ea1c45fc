"""From an alert down to the prints behind it: alert, hits, packet, prints with the quote of each.

Owns the route of evidence. Says how many member prints are stored and how many are not (yet), and
never fills a gap.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request

from api.deps import Gateway, gateway_of
from api.errors import bad_request, not_found
from api.history import answer
from api.query import only
from api.sql import select_claims, select_prints
from api.wire import shown
from schemas.topics import TOPIC

MAX_VERSIONS: Final = 50
MAX_PRINTS: Final = 256
ARRIVAL: Final = ("quote_state", "placement", "quote_ts", "quote_seq", "bid", "ask")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

router = APIRouter(prefix="/api")


@router.get("/evidence/{alert_id}")
async def evidence(request: Request, alert_id: str) -> dict[str, Any]:
    """The newest version of an alert with everything it rests on."""
    only(request.query_params)
    if not _ID.match(alert_id):
        raise bad_request(f"{shown(alert_id)} is not an alert id")
    gateway = gateway_of(request)
    alerts = await _versions(gateway, "flow.alerts", "alert_id", alert_id)
    if not alerts:
        raise not_found(f"there is no alert {alert_id}")
    alert = alerts[0]
    hits = await _versions(gateway, "flow.hits", "packet_id", alert["packet_id"])
    packets = await _versions(gateway, "flow.packets", "packet_id", alert["packet_id"])
    packet = _of_version(packets, alert["packet_version"])
    return {
        "alert": _public(alert),
        "versions": [_public(a) for a in alerts],
        "hits": [_public(h) for h in hits],
        "packet": packet and _public(packet),
        "quote": packet and {name: packet[name] for name in ARRIVAL},
        "members": await _members(gateway, packet),
    }


async def _versions(gateway: Gateway, topic: str, column: str, identity: str) -> list[dict[str, Any]]:
    statement = select_claims(TOPIC[topic], column, identity, MAX_VERSIONS)
    columns = await gateway.select(statement)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _of_version(packets: list[dict[str, Any]], version: int) -> dict[str, Any] | None:
    """The version the alert saw, else the newest one that is stored."""
    exact = [p for p in packets if p["version"] == version]
    return next(iter(exact or packets), None)


def _public(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "_partition"}


async def _members(gateway: Gateway, packet: dict[str, Any] | None) -> dict[str, Any] | None:
    if packet is None:
        return None
    # The legs of a package trade in other series: its members are found by underlying.
    own, legs = listed_members(packet["members"]), listed_members(packet["package_members"])
    listed = sorted({*own, *legs})[:MAX_PRINTS]
    partition = int(packet["_partition"])
    statement = select_prints(packet["underlying"], partition, listed, MAX_PRINTS)
    columns = await gateway.select(statement)
    found = set(columns["print_seq"])
    return {
        **answer(columns),
        "count": packet["print_count"],
        "listed": len(listed),
        "missing": [m for m in listed if m not in found],
    }


def listed_members(text: str) -> list[int]:
    """The sequence numbers in the `members` column, which lists at most 64 of them.

    It is a JSON list, or an object whose lists of numbers are taken.
    """
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    lists = content.values() if isinstance(content, dict) else [content]
    numbers = [n for found in lists if isinstance(found, list) for n in found]
    return sorted({n for n in numbers if type(n) is int and 0 <= n < 2**62})[:MAX_PRINTS]
