"""The route of receipts: an alert computed again.

Owns the checks of what is asked. The work is done elsewhere, under limits of its own.
"""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter, Request

from api.deps import gateway_of
from api.errors import bad_request
from api.query import only, parse_flag
from api.wire import shown

_ID: Final = re.compile(r"[A-Za-z0-9]{1,64}\Z")

router = APIRouter(prefix="/api")


@router.get("/explain/{alert_id}")
async def explain(request: Request, alert_id: str) -> dict[str, Any]:
    """The receipt of an alert: what it rests on, and whether it comes out the same."""
    params = request.query_params
    only(params, "deep")
    if not _ID.match(alert_id):
        raise bad_request(f"{shown(alert_id)} is not an alert id")
    is_deep = parse_flag("deep", params.get("deep", "false"))
    return await gateway_of(request).explainer.explain(alert_id, is_deep)
