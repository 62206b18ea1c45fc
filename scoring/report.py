"""A report for a person: tables of the terminal and of Markdown, with the same cells.

Owns which measures are shown and how a share is written: percent, its interval beside it, a dash where
there is none. Refuses a share without its n, and a score of options without its heading.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from rich.table import Table

from scoring.metrics import Measures
from scoring.scorer import Report, heading
from scoring.side import TUNED

NOTHING: Final = "–"
SPLIT_METHODS: Final = ("product", "quote", "emo", "gsu_large", TUNED)
SPLIT_NAMES: Final = {"place": "against the quote", "where": "lit or off exchange", "code": "sale code"}


class Grid(NamedTuple):
    """A table before it is drawn: title, heads of its columns, rows of text; the first column is a name."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as percent."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def interval(pair: Sequence[float] | None) -> str:
    """Return an interval of shares as percent."""
    return NOTHING if pair is None else f"{100 * pair[0]:.1f}–{100 * pair[1]:.1f}"


def signed(value: float | None) -> str:
    """Return a skill with its sign."""
    return NOTHING if value is None else f"{value:+.3f}"


def grids(report: Report, with_splits: bool = True) -> Iterator[Grid]:
    """Yield the tables of a report, one a tape and target, and the splits of the methods that matter."""
    groups: dict[tuple[str, str], list[Measures]] = {}
    for score in report.scores:
        groups.setdefault((score["topic"], score["target"]), []).append(score)
    for (topic, target), scores in groups.items():
        title = f"{topic} · {target} · {heading(scores[0], report.source)}"
        if report.claim == "side":
            yield _side(title, scores)
            yield from _chances(title, scores)
            if with_splits:
                yield from _splits(title, scores)
        elif target == "p_open":
            yield _opened(title, scores[0])
        else:
            yield _found(title, scores)
            yield from _classes(title, scores)


def _side(title: str, scores: list[Measures]) -> Grid:
    heads = (
        "method", "n", "coverage", "accuracy", "Wilson 95 %", "blocks 95 %", "with coin", "skill", "at 50 %",
        "at 70 %", "at 90 %", "worst decile", "null",
    )  # fmt: skip
    rows = [_side_row(s) for s in sorted(scores, key=_rank)]
    base, best = scores[0]["baseline"], scores[0]["ceiling"]
    n = f"{scores[0]['n']:,}"
    bracket = f"{percent(best['held_out'])} to {percent(best['upper'])}"
    for name, text in (
        (f"baseline: {base['name']}", percent(base["accuracy"])),
        ("ceiling of any rule on the same facts", bracket),
    ):
        rows.append((name, n, "100.0 %", text, NOTHING, NOTHING, text, *(NOTHING,) * 6))
    what = scores[0]["topic"].rpartition(".")[2]
    return Grid(f"{title} · {scores[0].get('undefined', 0):,} {what} without one left out", heads, rows)


def _side_row(s: Measures) -> tuple[str, ...]:
    at = s["accuracy_at_coverage"]
    mark = " (reads the future)" if s["uses_future"] else ""
    nulls = [v for k, v in s["null"].items() if k != "base_rate" and v is not None]
    worst = max(nulls, key=lambda v: abs(v - s["null"]["base_rate"])) if nulls else None
    return (
        s["method"] + mark, f"{s['n']:,}", percent(s["coverage"]), percent(s["accuracy"]),
        interval(s["accuracy_wilson"]), interval(s["accuracy_blocks"]), percent(s["accuracy_with_coin"]),
        signed(s["brier_skill"]), percent(at["50%"]), percent(at["70%"]), percent(at["90%"]),
        percent(s["seeds"]["worst_decile"]), percent(worst),
    )  # fmt: skip


def _chances(title: str, scores: list[Measures]) -> Iterator[Grid]:
    """Yield the calibration of the product's chances and why it abstains."""
    for s in scores:
        if "calibration_worst" not in s:
            continue
        skill, worst = signed(s["brier_skill_where_claimed"]), percent(s["calibration_worst"])
        heads = ("claimed to be a buy", "n", "were buys", "Wilson 95 %", "off by")
        rows = [_bucket_row(b) for b in s["calibration"]]
        text = f"calibration of {s['method']} · skill where claimed {skill} · worst bucket off by {worst}"
        yield Grid(f"{title} · {text}", heads, rows)
        if s.get("abstentions"):
            reasons: list[tuple[str, ...]] = [
                (why, f"{n:,}", percent(n / s["n"])) for why, n in s["abstentions"].items()
            ]
            yield Grid(f"{title} · why {s['method']} abstains", ("reason", "n", "of all"), reasons)


def _opened(title: str, s: Measures) -> Grid:
    """Return the calibration of the chance that packets opened, and how much opened of what is proven."""
    heads = ("claimed to open", "n", "opened", "Wilson 95 %", "off by")
    text = (
        f"{s['n']:,} packets with a side, {percent(s['opened'])} of each opened on average · chance or proof "
        f"for {percent(s['coverage'])} · skill over that average {signed(s['brier_skill_where_claimed'])} · "
        f"worst bucket off by {percent(s['calibration_worst'])} · {s['closing']:,} with a chance of 0.7 and "
        f"more to have closed · {s['proven']:,} proven, of which {percent(s['proven_opened'])} opened"
    )
    return Grid(f"{title} · {text}", heads, [_bucket_row(b) for b in s["calibration"]])


def _bucket_row(b: Measures) -> tuple[str, ...]:
    off = 100 * (b["observed"] - b["claimed"])
    return (
        percent(b["claimed"]),
        f"{b['n']:,}",
        percent(b["observed"]),
        interval(b["observed_wilson"]),
        f"{off:+.1f}",
    )


def _rank(score: Measures) -> tuple[bool, bool]:
    return score["method"] != "product", bool(score["uses_future"])


def _splits(title: str, scores: list[Measures]) -> Iterator[Grid]:
    shown = [s for s in scores if s["method"] in SPLIT_METHODS and s["n"]]
    for name in shown[0]["splits"] if shown else ():
        heads = ("bucket", "n", *(f"{s['method']}" for s in shown))
        rows = []
        for bucket, first in shown[0]["splits"][name].items():
            cells = [s["splits"][name][bucket] for s in shown]
            texts = [f"{percent(c['accuracy'])} of {percent(c['coverage'], 0)}" for c in cells]
            rows.append((bucket or "none", f"{first['n']:,}", *texts))
        yield Grid(f"{title} · accuracy of coverage by {SPLIT_NAMES.get(name, name)}", heads, rows)


def _found(title: str, scores: list[Measures]) -> Grid:
    heads = ("method", "n", "coverage", "precision", "95 %", "recall", "null", "base rate", "more")
    return Grid(title, heads, [_found_row(s) for s in scores])


def _found_row(s: Measures) -> tuple[str, ...]:
    bounds = s.get("precision_blocks") or s.get("precision_wilson")
    nulls = [v for k, v in s["null"].items() if k != "base_rate" and v is not None]
    return (
        s["method"], f"{s['n']:,}", percent(s["coverage"], 2), percent(s["precision"]), interval(bounds),
        percent(s["recall"]), percent(max(nulls) if nulls else None, 2),
        percent(s["null"].get("base_rate"), 2), _more(s),
    )  # fmt: skip


def _more(s: Measures) -> str:
    """Return the measures that only one claim has."""
    known = {
        "claims": "{:,} claims",
        "violated": "{:,} violated",
        "stories_per_hour": "{:.1f} stories/h",
        "stories_per_underlying": "{:.1f} an hour of an underlying",
    }
    found = [text.format(s[key]) for key, text in known.items() if s.get(key) is not None]
    if s.get("story_precision") is not None:
        found.append(f"stories right {percent(s['story_precision'])}")
    if s.get("provable_claimed") is not None:
        found.append(f"{percent(s['provable_claimed'], 2)} of the provable")
    if s.get("violated_by_the_truth"):
        found.append(f"{s['violated_by_the_truth']} of them where the truth closes more than is open")
    if s.get("f1") is not None:
        found.append(f"F1 {percent(s['f1'])}")
    worst: Any = s.get("seeds", {}).get("worst_decile")
    if worst is not None:
        found.append(f"worst decile {percent(worst)}")
    return ", ".join(found) or NOTHING


def _classes(title: str, scores: list[Measures]) -> Iterator[Grid]:
    for s in scores:
        if s.get("classes"):
            heads = ("class", "n", "coverage", "precision", "recall", "F1")
            rows = [_class_row(name, c) for name, c in s["classes"].items()]
            yield Grid(f"{title} · {s['method']} by class", heads, rows)


def _class_row(name: str, c: Measures) -> tuple[str, ...]:
    shares = (percent(c.get(key)) for key in ("coverage", "precision", "recall", "f1"))
    return (name or "none", f"{c['n']:,}", *shares)


def drawn(grid: Grid) -> Table:
    """Return a table for the terminal."""
    table = Table(*grid.heads, title=grid.title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in grid.rows:
        table.add_row(*row)
    return table


def markdown(grid: Grid) -> str:
    """Return a table in Markdown."""
    lines = [f"### {grid.title}", "", "| " + " | ".join(grid.heads) + " |"]
    lines.append("|" + "---|" + "---:|" * (len(grid.heads) - 1))
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in grid.rows]
    return "\n".join(lines) + "\n"
