"""The built page, or one sentence on how to build it. Owns nothing but that choice."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

MISSING: Final = (
    "The page is not built: run `make install`, or `npm ci && npm run build` in the folder frontend.\n"
)


class Page:
    """Serves a folder with an index.html; looks anew on each request, so a later build is found."""

    def __init__(self, folder: Path) -> None:
        self._index = folder / "index.html"
        self._files = StaticFiles(directory=folder, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 4404, "reason": "the socket is /ws"})
            return
        if not self._index.is_file():
            if scope["path"] != "/":
                raise HTTPException(404)
            await PlainTextResponse(MISSING, 503)(scope, receive, send)
            return
        await self._files(scope, receive, send)
