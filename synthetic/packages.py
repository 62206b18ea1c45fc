"""Packages that are traded as one: their classes, and the legs of each relative to an anchor.

Owns the list of classes, how often each is wanted and its legs (expiry, strike, right, signed ratio),
written once as a table that kernels read. A leg's strike is `place` widths above the anchor's. Refuses
prices and sizes.
"""

from typing import Final, NamedTuple

import numpy as np

from synthetic.option_layout import Floats, Matrix

OWN: Final = 2  # the right drawn for the package; 0 call, 1 put
CALL: Final = 0
PUT: Final = 1
LEG_COLUMNS: Final = 4  # chain (0 near, 1 far), place, right, ratio
LEGS_MAX: Final = 4


class Form(NamedTuple):
    """One form of a package: `stock` is the sign of shares that belong to it, 100 for each unit."""

    kind: str
    weight: float
    legs: tuple[tuple[int, int, int, int], ...]
    stock: int = 0


FORMS: Final = (
    Form("vertical", 0.30, ((0, 0, OWN, 1), (0, 1, OWN, -1))),
    Form("ratio", 0.05, ((0, 0, OWN, 1), (0, 1, OWN, -2))),
    Form("ratio", 0.015, ((0, 0, OWN, 1), (0, 1, OWN, -3))),
    Form("ratio", 0.015, ((0, 0, OWN, 2), (0, 1, OWN, -3))),
    Form("butterfly", 0.05, ((0, -1, OWN, 1), (0, 0, OWN, -2), (0, 1, OWN, 1))),
    Form("broken_wing", 0.02, ((0, -1, OWN, 1), (0, 0, OWN, -2), (0, 2, OWN, 1))),
    Form("condor", 0.02, ((0, -1, OWN, 1), (0, 0, OWN, -1), (0, 1, OWN, -1), (0, 2, OWN, 1))),
    Form("iron_fly", 0.02, ((0, -1, PUT, 1), (0, 0, PUT, -1), (0, 0, CALL, -1), (0, 1, CALL, 1))),
    Form("iron_condor", 0.06, ((0, -2, PUT, 1), (0, -1, PUT, -1), (0, 1, CALL, -1), (0, 2, CALL, 1))),
    Form("straddle", 0.04, ((0, 0, CALL, 1), (0, 0, PUT, 1))),
    Form("strangle", 0.05, ((0, 1, CALL, 1), (0, -1, PUT, 1))),
    Form("risk_reversal", 0.05, ((0, 1, CALL, 1), (0, -1, PUT, -1))),
    Form("collar", 0.02, ((0, -1, PUT, 1), (0, 1, CALL, -1)), 1),
    Form("synthetic", 0.03, ((0, 0, CALL, 1), (0, 0, PUT, -1))),
    Form("calendar", 0.08, ((0, 0, OWN, -1), (1, 0, OWN, 1))),
    Form("diagonal", 0.05, ((0, 0, OWN, -1), (1, 1, OWN, 1))),
    Form("roll", 0.035, ((0, 0, OWN, -1), (1, 0, OWN, 1))),
    Form("roll", 0.025, ((0, 0, OWN, -1), (1, 1, OWN, 1))),
    Form("box", 0.012, ((0, 0, CALL, 1), (0, 0, PUT, -1), (0, 1, CALL, -1), (0, 1, PUT, 1))),
    Form("conversion", 0.01, ((0, 0, CALL, -1), (0, 0, PUT, 1)), 1),
    Form("jelly_roll", 0.006, ((0, 0, CALL, -1), (0, 0, PUT, 1), (1, 0, CALL, 1), (1, 0, PUT, -1))),
    Form("ladder", 0.015, ((0, 0, OWN, 1), (0, 1, OWN, -1), (0, 2, OWN, -1))),
    Form("stock_tied", 0.022, ((0, 0, OWN, 1),), -1),
)
ROLL: Final = "roll"
BOX: Final = "box"
CONVERSION: Final = "conversion"


def _legs() -> Matrix:
    table = np.zeros((len(FORMS), LEGS_MAX, LEG_COLUMNS), np.int64)
    for row, form in enumerate(FORMS):
        for k, leg in enumerate(form.legs):
            table[row, k] = leg
    return table


def _cumulated() -> Floats:
    total, found = 0.0, []
    for form in FORMS:
        total += form.weight
        found.append(total)
    return np.array(found)


FORM_LEGS: Final = _legs()  # [form, leg, LEG_COLUMNS]
FORM_SIZE: Final = np.array([len(form.legs) for form in FORMS], np.int64)
FORM_STOCK: Final = np.array([form.stock for form in FORMS], np.int64)
FORM_CUMULATED: Final = _cumulated()
FORM_IS_ROLL: Final = np.array([int(form.kind == ROLL) for form in FORMS], np.int64)
FORM_IS_EXACT: Final = np.array(
    [int(form.kind in ("calendar", "roll", "jelly_roll")) for form in FORMS], np.int64
)
