"""Which of the four claims about a package hold: form, class, direction, and the chance of a roll.

Owns one row for each package that the flow claims, beside the package that most of its prints belong to: what
was claimed, with which confidence, and what was true. Refuses to compute forms itself: the true form is the
word that the definitions give the true class.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import orjson
import polars as pl

from schemas.kinds import PACKAGE_CLASS
from scoring.intervals import wilson, worst_decile
from scoring.metrics import Measures, share

WORDS: Final = {
    "straddle": "straddle_or_risk_reversal",
    "synthetic": "straddle_or_risk_reversal",
    "conversion": "straddle_or_risk_reversal",
    "strangle": "strangle_or_collar",
    "risk_reversal": "strangle_or_collar",
    "collar": "strangle_or_collar",
    "box": "box_or_jelly",
    "jelly_roll": "box_or_jelly",
}
SPREADS: Final = ("calendar", "diagonal")
NO_CLAIM: Final = ("", "none", "unnamed")
ROLL: Final = "roll"
MET_SINGLE: Final = tuple("jlmqrs")
CALIBRATION: Final = (0.0, 0.5, 0.9, 0.95, 0.99, 1.0)
FIELDS: Final = (
    "package_members", "package_class", "geometry", "grouping_p", "sign_p", "direction_p", "roll_p",
    "stock_print_seq", "legs",
)  # fmt: skip


def class_words(packets: pl.DataFrame) -> pl.DataFrame:
    """Return packets with the words of their classes in place of codes."""
    if packets.schema["package_class"] == pl.String:
        return packets
    words = dict(enumerate(PACKAGE_CLASS))
    return packets.with_columns(pl.col("package_class").replace_strict(words, return_dtype=pl.String))


def spread_words(packages: pl.DataFrame) -> pl.DataFrame:
    """Return true packages whose rolls are named by what they are without their purpose: `t_form`, `t_class`.

    A roll is a probability on a calendar or diagonal, never a class that signs could tell.
    """
    rows = packages.select("package_id", "class", "legs").rows()
    named = [(i, _form_of_roll(legs) if kind == ROLL else kind, kind) for i, kind, legs in rows]
    schema = {"package_id": pl.Int64, "t_named": pl.String, "t_class": pl.String}
    return pl.DataFrame(named, schema=schema, orient="row")


def _form_of_roll(legs: str) -> str:
    strikes = {name[-8:] for name, _ in orjson.loads(legs)}
    return ROLL if not strikes else SPREADS[0] if len(strikes) == 1 else SPREADS[1]


def claim_rows(packets: pl.DataFrame, legs: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Return one row a claimed package.

    `packets` has claim and FIELDS; `legs` one row a claimed print with claim, contract, condition,
    t_package_id and t_aggressor; `truth` the packages with their legs and side.
    """
    about = (
        legs.group_by("claim", "t_package_id").len().sort("len", "t_package_id")
        .unique("claim", keep="last", maintain_order=True)
    )  # fmt: skip
    # A package that met single orders paid the touch on each leg: there its owner is who paid.
    book = legs.filter(~pl.col("condition").is_in(MET_SINGLE))
    takers = {(c, s): a for c, s, a in book.select("claim", "contract", "t_aggressor").rows()}
    known = truth.join(spread_words(truth), on="package_id").select(
        "package_id", "t_named", "t_class", "side", pl.col("legs").alias("t_legs")
    )
    wanted = packets.select("claim", *(f for f in FIELDS if f != "package_members"))
    joined = wanted.join(about, on="claim").join(known, left_on="t_package_id", right_on="package_id")
    rows = joined.sort("claim").to_dicts()
    return pl.DataFrame([_judged(row, takers) for row in rows], schema=SCHEMA)


SCHEMA: Final = {
    "claim": pl.Int64, "form": pl.Boolean, "class": pl.Boolean, "payer": pl.Boolean, "owner": pl.Boolean,
    "named": pl.String, "is_roll": pl.Boolean, "roll_p": pl.Float64, "direction_p": pl.Float64,
    "sign_p": pl.Float64, "grouping_p": pl.Float64,
}  # fmt: skip


def _judged(row: dict[str, Any], takers: dict[tuple[int, str], int]) -> dict[str, Any]:
    """Return which claims of one package hold; None where none was made or nothing is true of it."""
    form = WORDS.get(row["t_named"], row["t_named"])
    signed = {leg["contract"]: leg["ratio"] for leg in orjson.loads(row["legs"]) if leg["is_signed"]}
    owner = {name: ratio * row["side"] for name, ratio in orjson.loads(row["t_legs"])}
    taker = {name: takers.get((row["claim"], name), owner.get(name, 0)) for name in signed}
    is_spread = row["geometry"] in SPREADS
    return {
        "claim": row["claim"],
        "form": row["geometry"] == form if row["geometry"] else None,
        "class": row["package_class"] == row["t_named"] if row["package_class"] not in NO_CLAIM else None,
        "payer": _agree(signed, taker),
        "owner": _agree(signed, owner),
        "named": row["t_named"],
        "is_roll": row["t_class"] == ROLL if is_spread else None,
        "roll_p": row["roll_p"],
        "direction_p": row["direction_p"],
        "sign_p": row["sign_p"],
        "grouping_p": row["grouping_p"],
    }


def _agree(claimed: dict[str, int], true: dict[str, int]) -> bool | None:
    """Tell whether signs agree on every leg; None where nothing is claimed, or nobody is known to have."""
    if not claimed or not all(true.get(name, 0) for name in claimed):
        return None
    return all(claimed[name] * true[name] > 0 for name in claimed)


def judged_scores(rows: pl.DataFrame, packages: int) -> list[tuple[str, Measures]]:
    """Return scores of form, class, direction (who paid, who ordered) and roll; `packages` are the true."""
    targets = (
        ("form", "package form without signs"),
        ("class", "package class with signs"),
        ("payer", "package direction, who paid"),
        ("owner", "package direction, who ordered"),
    )
    found = [(target, _share_of(rows, name, packages)) for name, target in targets]
    return [*found, ("package roll, as a chance", _roll(rows))]


def _share_of(rows: pl.DataFrame, name: str, packages: int) -> Measures:
    known = rows.filter(pl.col(name).is_not_null())
    right = int(known[name].sum() or 0)
    each = [share(int(k[name].sum()), len(k)) for _, k in known.group_by("seed", maintain_order=True)]
    return {
        "n": packages,
        "claims": len(known),
        "coverage": share(len(known), packages),
        "precision": share(right, len(known)),
        "precision_wilson": wilson(right, len(known)),
        "seeds": {
            "precision": each,
            "worst_decile": worst_decile(pl.Series(each, dtype=pl.Float64).to_numpy()),
        },
    }


def _roll(rows: pl.DataFrame) -> Measures:
    """Return what the chance of a roll claims on the whole and what share were rolls."""
    known = rows.filter(pl.col("is_roll").is_not_null() & (pl.col("roll_p") >= 0))
    rolls = int(known["is_roll"].sum() or 0)
    return {
        "n": len(known),
        "claims": len(known),
        "coverage": share(len(known), len(known)),
        "precision": share(rolls, len(known)),
        "precision_wilson": wilson(rolls, len(known)),
        "claimed": share(float(known["roll_p"].sum()), len(known)),
    }


def grouping_calibration(rows: Iterable[tuple[float, bool]]) -> list[Measures]:
    """Return buckets of the confidence in a grouping: n, mean claimed, share of one order alone."""
    frame = pl.DataFrame(list(rows), schema={"p": pl.Float64, "right": pl.Boolean}, orient="row")
    found = []
    for low, high in pairwise(CALIBRATION):
        bucket = frame.filter((pl.col("p") >= low) & (pl.col("p") < high))
        if len(bucket):
            observed = share(int(bucket["right"].sum()), len(bucket))
            found.append({"n": len(bucket), "claimed": bucket["p"].mean(), "observed": observed})
    return found
