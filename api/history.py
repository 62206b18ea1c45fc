"""What was stored, as columns: recent rows of a topic, candles, underlyings, topics, the session.

Owns the routes under `/api` except evidence. Every route refuses parameters it does not know.
Answers are columnar in the JSON forms of the schemas: times are ns as text, absent is null.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request

from api.channels import CHANNELS
from api.cursor import Position, encode_cursor
from api.deps import gateway_of
from api.errors import bad_request
from api.query import only, parse_int, parse_underlyings, row_query
from api.sql import POSITION, select_candles, select_rows, select_stories, select_underlyings
from schemas.fields import LOGICAL, Field
from schemas.topics import TOPICS, Topic

CANDLES_DEFAULT: Final = 500
CANDLES_MAX: Final = 5000
UNDERLYINGS_MAX: Final = 10_000
STORIES_DEFAULT: Final = 200
STORIES_MAX: Final = 1000
DAY_S: Final = 86_400

router = APIRouter(prefix="/api")


@router.get("/session")
async def session(request: Request) -> dict[str, Any]:
    """What is being shown, and what its feed can and cannot say."""
    only(request.query_params)
    gateway = gateway_of(request)
    await gateway.in_thread(gateway.sessions.refresh)
    return gateway.sessions.describe()


@router.get("/topics")
async def topics(request: Request) -> dict[str, Any]:
    """The topics with their fields, units and closed lists."""
    only(request.query_params)
    return {"topics": [_topic(t) for t in TOPICS]}


@router.get("/underlyings")
async def underlyings(request: Request) -> dict[str, Any]:
    """Every underlying with its counts of prints."""
    only(request.query_params)
    columns = await gateway_of(request).select(select_underlyings(UNDERLYINGS_MAX))
    return answer(columns)


@router.get("/stories")
async def stories(request: Request) -> dict[str, Any]:
    """Stories of alerts, the one last added to first; what was taken back is counted, not hidden."""
    params = request.query_params
    only(params, "underlying", "limit")
    names = parse_underlyings(params["underlying"]) if "underlying" in params else ()
    limit = parse_int("limit", params.get("limit", str(STORIES_DEFAULT)), 1, STORIES_MAX)
    return answer(await gateway_of(request).select(select_stories(names, limit)))


@router.get("/rows/{topic}")
async def rows(request: Request, topic: str) -> dict[str, Any]:
    """Rows of a topic, newest first unless asked, a page at a time."""
    query = row_query(topic, request.query_params)
    columns = await gateway_of(request).select(select_rows(query))
    times, partitions, offsets = (columns.pop(name) for name in POSITION)
    cursor = None
    if len(times) == query.limit:
        last = Position(int(times[-1]), int(partitions[-1]), int(offsets[-1]))
        cursor = encode_cursor(last, query.digest)
    return {"topic": topic, **answer(columns), "next_cursor": cursor}


@router.get("/candles")
async def candles(request: Request) -> dict[str, Any]:
    """The newest candles of one underlying and interval, oldest first, current versions."""
    params = request.query_params
    only(params, "underlying", "interval_s", "limit")
    if "underlying" not in params:
        raise bad_request("underlying is needed: the symbol whose candles are wanted")
    names = parse_underlyings(params["underlying"])
    if len(names) != 1:
        raise bad_request("underlying must be one symbol")
    interval_s = parse_int("interval_s", params.get("interval_s", "60"), 1, DAY_S)
    limit = parse_int("limit", params.get("limit", str(CANDLES_DEFAULT)), 1, CANDLES_MAX)
    statement = select_candles(names[0], interval_s, limit)
    columns = await gateway_of(request).select(statement)
    return {"topic": "equities.candles", **answer({n: v[::-1] for n, v in columns.items()})}


def answer(columns: dict[str, list[Any]]) -> dict[str, Any]:
    """Columns with their number of rows."""
    return {"columns": columns, "rows": len(next(iter(columns.values())))}


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "table": topic.table,
        "doc": topic.doc,
        "is_raw": topic.is_raw,
        "is_live": topic.name in CHANNELS,
        "time_field": topic.time_field,
        "fields": [_field(f) for f in topic.fields],
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": "string" if field.is_enum else LOGICAL[field.logical].typescript,
        "unit": _unit(field),
        "values": list(field.symbols) if field.is_enum else None,
        "nullable": field.absent is not None,
        "doc": field.doc,
    }


def _unit(field: Field) -> str:
    """The unit of the JSON form: scaled integers have become plain numbers there."""
    scale = 0 if field.is_enum else LOGICAL[field.logical].scale
    return field.unit.split(" ", 1)[1] if scale else field.unit
