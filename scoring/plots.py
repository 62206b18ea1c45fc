"""Pictures of a report: accuracy or precision and recall with intervals, beside baseline and ceiling.

Owns the files that `--plot DIR` writes, one PNG a tape and target, drawn without a display. Refuses to
draw what has no n: an empty score is left out of the picture.
"""

from pathlib import Path
from typing import Any, Final

from connectors.errors import UserError
from scoring.metrics import Measures
from scoring.scorer import Report, heading

SIZE: Final = (9.0, 5.0)
DPI: Final = 120


def plot(report: Report, folder: Path) -> list[Path]:
    """Write the pictures of a report and return their paths.

    Raises:
        UserError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--plot {folder}: this folder cannot be made ({error.strerror})") from None
    groups: dict[tuple[str, str], list[Measures]] = {}
    for score in report.scores:
        groups.setdefault((score["topic"], score["target"]), []).append(score)
    paths = []
    for (topic, target), scores in groups.items():
        path = folder / f"{report.claim}_{topic.replace('.', '_')}_{target}.png"
        draw = _side if report.claim == "side" else _found
        draw(scores, f"{topic}: {target} ({heading(scores[0], report.source)})", path)
        paths.append(path)
    return paths


def _axes() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _side(scores: list[Measures], title: str, path: Path) -> None:
    shown = [s for s in scores if s["accuracy"] is not None]
    figure, axes = _axes()
    for row, s in enumerate(reversed(shown)):
        low, high = s["accuracy_blocks"] or s["accuracy_wilson"]
        color = "tab:orange" if s["uses_future"] else "tab:blue"
        axes.plot([low, high], [row, row], color=color, linewidth=2)
        axes.plot(s["accuracy"], row, "o", color=color, markersize=4 + 6 * s["coverage"])
    names = [f"{s['method']} ({100 * s['coverage']:.0f} %)" for s in reversed(shown)]
    axes.set_yticks(range(len(shown)), names)
    best = scores[0]["ceiling"]["upper"]
    for value, label, style in (
        (scores[0]["baseline"]["accuracy"], "baseline", "--"),
        (best, "ceiling", ":"),
    ):
        if value is not None:
            axes.axvline(value, linestyle=style, color="gray", label=label)
    axes.set_xlabel("accuracy of what was decided (coverage in brackets; orange reads the future)")
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=2)  # beside the picture: it would hide a row
    figure.savefig(path)


def _found(scores: list[Measures], title: str, path: Path) -> None:
    figure, axes = _axes()
    for row, (measure, color) in enumerate((("precision", "tab:blue"), ("recall", "tab:green"))):
        values = [s[measure] or 0.0 for s in scores]
        axes.barh([k + 0.35 * row for k in range(len(scores))], values, 0.33, color=color, label=measure)
    axes.set_yticks([k + 0.17 for k in range(len(scores))], [s["method"] for s in scores])
    axes.set_xlim(0, 1)
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=2)  # beside the picture: it would hide a row
    figure.savefig(path)
