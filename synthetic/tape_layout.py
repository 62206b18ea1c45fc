"""The matrices of published rows: an exact row and, behind it, what the tape made of it.

Owns the columns and the codes in them. Published prints keep every column of layout.P_*, published quotes
every one of Q_*; the adapter that builds records takes from them only what a tape would show.
"""

from __future__ import annotations

from typing import Final

from synthetic.layout import PRINT_COLUMNS, QUOTE_COLUMNS

S_SOURCE: Final = PRINT_COLUMNS  # when the tape brought it out
S_EVENT: Final = PRINT_COLUMNS + 1  # the participant's time, or S_SOURCE where it gave none
S_TIMED: Final = PRINT_COLUMNS + 2  # 1 where S_EVENT is a participant's time
S_NUMBER: Final = PRINT_COLUMNS + 3  # of the trade at its venue, 0 none
S_REFERS: Final = PRINT_COLUMNS + 4  # number that a cancel or correction is about, 0 none
S_REPORT: Final = PRINT_COLUMNS + 5  # index into REPORTS
S_STATE: Final = PRINT_COLUMNS + 6  # index into STATES: truth, never published
S_TIE: Final = PRINT_COLUMNS + 7  # order of rows of equal times
S_ROW: Final = PRINT_COLUMNS + 8  # block and number of the exact row
S_TARGET: Final = PRINT_COLUMNS + 9  # S_ROW that a cancel is about, -1 none
S_LATE: Final = PRINT_COLUMNS + 10  # 1 where it is reported late
S_VENDOR: Final = PRINT_COLUMNS + 11  # the vendor's sequence number
S_AT: Final = PRINT_COLUMNS + 12  # when it reaches the log; after S_SOURCE where it was held
TAPE_COLUMNS: Final = PRINT_COLUMNS + 13

Z_SOURCE: Final = QUOTE_COLUMNS
Z_EVENT: Final = QUOTE_COLUMNS + 1
TAPE_QUOTE_COLUMNS: Final = QUOTE_COLUMNS + 2

REPORTS: Final = ("trade", "cancel", "correction")
TRADE, CANCEL, CORRECTION = range(3)
# What a published row is: the fill as it was, one later cancelled or corrected, and what says so.
STATES: Final = ("original", "cancelled", "cancel", "correction", "duplicate", "corrected")
ORIGINAL, CANCELLED, CANCELS, CORRECTS, DUPLICATE, CORRECTED = range(6)

ROW_SHIFT: Final = 32  # S_ROW is block << ROW_SHIFT | number in the block
NUMBERS: Final = 10_000_000  # trade numbers of a venue start anew here in every block
CORRECTION_NUMBERS: Final = 5_000_000  # and those of corrections here

# What a report means: how a late or cancelling report stands to the other trades of its series.
MEANINGS: Final = (
    "plain",
    "late_out_of_sequence",
    "late",
    "late_opening_out_of_sequence",
    "late_opening",
    "cancels_other",
    "cancels_last",
    "cancels_first",
    "cancels_only",
)
PLAIN, LATE_OUT, LATE_IN, OPEN_OUT, OPEN_IN, CANCEL_OTHER, CANCEL_LAST, CANCEL_FIRST, CANCEL_ONLY = range(9)
OPRA_CODES: Final = "\0BDFHACEG"  # by meaning: OPRA's sale codes, see schemas.opra
