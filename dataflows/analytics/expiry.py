"""Days to expiry: calendar days, and trading days as the session record's calendar has them.

Owns the count for each series and session, morning settlement included: such a series trades last on the
trading day before its expiry. Refuses an expiry before the session: it has no days, and both are absent.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.release import Longs
from schemas.fields import ABSENT

DAY_NS: Final = 86_400_000_000_000


class Calendar:
    """The trading days that follow a session; without a calendar in its record, every weekday is one."""

    def __init__(self, open_ts: int, detail: Mapping[str, Any]) -> None:
        # The regular session of New York opens and closes within one UTC date.
        self._today = np.datetime64(open_ts // DAY_NS, "D")
        self._off = dates(np.array(detail.get("weekdays_off", ()), np.int64))

    def days(self, expiry: Longs, is_morning: Any) -> tuple[Ints, Ints]:
        """Return calendar and trading days to expiries (YYYYMMDD); 0 is the session's own day."""
        last = dates(expiry)
        calendar = (last - self._today).astype(np.int64)
        trading = np.busday_count(self._today, last, holidays=self._off) - np.asarray(is_morning, np.int64)
        is_past = calendar < 0
        return _absent(calendar, is_past), _absent(np.maximum(trading, 0), is_past)


def dates(days: Longs) -> Any:
    """Return YYYYMMDD integers as numpy dates."""
    years, months = days // 10_000 - 1970, days // 100 % 100 - 1
    first = (years * 12 + months).astype("datetime64[M]").astype("datetime64[D]")
    return first + (days % 100 - 1)


def _absent(values: Any, mask: Any) -> Ints:
    return np.where(mask, ABSENT, values).astype(np.int32)
