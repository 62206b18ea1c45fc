"""Pictures of the facts: join-lag curves, the volume curve, and each fact beside its band.

Owns the files and what is on them. Refuses a display: pictures are written, never shown.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

from scoring.facts import INSIDE, Curves, Report
from scoring.join_lag import AT_ASK, AT_BID, LAGS_MS, OUTSIDE

WORLD, RECORDED, GOOD, BAD = "#1f6f8b", "#b0761c", "#2a7f3b", "#b3261e"
DPI: Final = 120


def draw(report: Report, folder: Path) -> list[Path]:
    """Write the pictures of a report into a folder, made where it is missing; return their paths."""
    import matplotlib

    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    made = [(_join_lag, "join_lag.png"), (_volume, "volume_curve.png"), (_bands, "facts.png")]
    paths = []
    for picture, name in made:
        figure = picture(report)
        figure.savefig(folder / name, dpi=DPI, bbox_inches="tight")
        figure.clear()
        paths.append(folder / name)
    return paths


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _style(curves: Curves) -> dict[str, Any]:
    if curves.is_recorded:
        return {"color": RECORDED, "linestyle": "--", "linewidth": 1.2, "label": curves.name}
    return {"color": WORLD, "linewidth": 1.6, "label": "synthetic"}


def _legend(axis: Any) -> None:
    handles, labels = axis.get_legend_handles_labels()
    first = {label: handle for handle, label in reversed(list(zip(handles, labels, strict=True)))}
    if first:
        axis.legend(first.values(), first.keys(), fontsize=7)


def _join_lag(report: Report) -> Any:
    figure, axes = _figure(2, 2, (10.0, 7.0))
    for column, (kind, title) in enumerate((("lit", "lit prints"), ("off", "off-exchange prints"))):
        for curves in report.curves:
            found = getattr(curves, kind)
            at_quote = 100 * (found[:, AT_BID] + found[:, AT_ASK])
            for axis, values in ((axes[0][column], at_quote), (axes[1][column], 100 * found[:, OUTSIDE])):
                axis.plot(range(len(LAGS_MS)), values, marker=".", **_style(curves))
        for row, what in enumerate(("at the bid or the ask, %", "outside the quote, %")):
            axis = axes[row][column]
            axis.set_xticks(range(len(LAGS_MS)), [str(lag) for lag in LAGS_MS])
            axis.set_xlabel("quote standing so many ms before the publication of the print")
            axis.set_ylabel(what)
            axis.set_title(title)
            axis.grid(alpha=0.3)
    _legend(axes[0][0])
    figure.tight_layout()
    return figure


def _volume(report: Report) -> Any:
    figure, axes = _figure(1, 1, (8.0, 4.5))
    axis = axes[0][0]
    for curves in report.curves:
        known = [v for v in curves.volume.tolist() if not math.isnan(v)]
        total = sum(known)
        if total > 0:
            axis.plot([len(known) * v / total for v in curves.volume.tolist()], marker=".", **_style(curves))
    axis.set_xlabel("half hour of the regular session")
    axis.set_ylabel("shares a second over the day's average")
    axis.grid(alpha=0.3)
    _legend(axis)
    return figure


def _bands(report: Report) -> Any:
    """Draw each fact on a scale on which its band reaches from 0 to 1."""
    facts = [m for m in report.facts if m.values]
    figure, axes = _figure(1, 1, (9.0, 1.0 + 0.26 * max(len(facts), 1)))
    axis = axes[0][0]
    axis.axvspan(0.0, 1.0, color=GOOD, alpha=0.12)
    for row, m in enumerate(facts):
        low, width = m.fact.low, m.fact.high - m.fact.low
        colour = GOOD if m.verdict == INSIDE else BAD
        for values, mark, shade in ((m.values, "o", colour), (m.recorded.values(), "|", RECORDED)):
            scaled = [min(max((v - low) / width, -2.0), 3.0) for v in values if not math.isnan(v)]
            axis.plot(scaled, [row] * len(scaled), mark, color=shade, markersize=4 if mark == "o" else 9)
    axis.set_yticks(range(len(facts)), [m.fact.name for m in facts], fontsize=7)
    axis.set_xlim(-2.1, 3.1)
    axis.set_ylim(len(facts), -1)
    axis.set_xlabel("the band reaches from 0 to 1; points: seeds, bars: recordings; beyond the edge: cut")
    return figure
