"""The formulas of docs/methods.md, section by section, with the constants that the code uses.

Owns the words beside each formula and its source. Refuses constants of its own: they are read from the
modules that apply them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dataflows.analytics import (
    alerts_config,
    alerts_score,
    alerts_stories,
    baselines_kernel,
    follow,
    held_types,
    options_book,
    options_config,
    series,
    series_look,
)
from dataflows.analytics.benign import READINGS
from dataflows.analytics.packages_forms import GEOMETRY
from dataflows.analytics.rules.settings import Setting
from dataflows.analytics.side import STACKS
from dataflows.analytics.sides_published import ACCURACIES, FLOOR
from schemas.kinds import ABSTENTION, PACKAGE_CLASS, PACKET_KIND, PLACEMENT, QUOTE_STATE

CORE: Final = "dataflows.analytics."
SECOND_NS: Final = 10**9


@dataclass(frozen=True, slots=True)
class Table:
    """Heads and rows of a table."""

    heads: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its formulas in words, tables of the code, and the modules that speak for themselves."""

    title: str
    text: str
    modules: tuple[str, ...]
    tables: tuple[Table, ...] = ()


def _settings(settings: Sequence[Setting]) -> Table:
    rows = [(f"`{s.name}`", s.default, s.allowed(), s.doc) for s in settings]
    return Table(("setting", "default", "allowed", "why"), rows)


def _words(symbols: Sequence[str]) -> str:
    return ", ".join(f"`{s}`" for s in symbols if s)


def _named(*names: str) -> tuple[str, ...]:
    return tuple(CORE + name for name in names)


_K = baselines_kernel
_S = alerts_score
_WEIGHTS: Final = (
    (
        "premium",
        _S.PREMIUM,
        f"0 below the floor, {_S.FLOOR_SHARE:g} at it, 1 at {_S.DECADES:g} powers of ten above, by logarithm",
    ),
    ("side", _S.SIDE, "2 p - 1 of the package's direction, else |2 p_aggressor_buy - 1|; 0 where abstained"),
    ("z", _S.UNUSUAL, f"the greater of premium_z and size_z over {_S.Z_FULL:g}; 0 without a baseline"),
    ("structure", _S.STRUCTURE, "how well the rule fits, as in classifiers.md"),
    ("novelty", _S.NOVELTY, "half for the first of its story, half for its size over size + open + traded"),
    (
        "noise, taken off",
        _S.NOISE,
        f"joined weight of innocent readings; {_S.DOUBT} more on a doubtful quote",
    ),
)

SECTIONS: Final = (
    Section(
        "Quotes and placement",
        "A quote stands *as of* a print if it is the last one strictly before the print's own time, "
        f"inside the session and no gap or halt between. Its state is one of {_words(QUOTE_STATE)}. "
        "Against a bid b and an ask a, a price p lies above_ask if p > a, at_ask if p = a, "
        "inside_ask if a + b < 2 p < 2 a, mid if 2 p = a + b, inside_bid if 2 b < 2 p < a + b, "
        "at_bid if p = b, below_bid if p < b; where a = b the middle five are at_lock. Words: "
        f"{_words(PLACEMENT)}. The arithmetic is of integers (1e-9 USD) without tolerance, so "
        "swapping the sides mirrors the words exactly.\n\n"
        "A placement is *stable* if it is the same against the quotes that stood 0, 1, 10 and 50 ms "
        f"before the print; for floor codes over {options_book.FLOOR_WINDOW_NS // SECOND_NS} s. OPRA "
        "stamps blocks of messages, and trades and quotes travel on channels delayed apart: an "
        "unstable placement gives no side.",
        _named("quotes", "options_book"),
    ),
    Section(
        "Side: who took, and the customer",
        "Two targets, never mixed. `p_aggressor_buy`: the chance that the order that removed "
        "liquidity bought. `p_customer_buy`: the chance that the one side that is no market maker "
        "bought. Each names its method and what it was checked on; on a real tape the first is "
        f"`uncalibrated`, the second cites published accuracies and abstains below {FLOOR:g}. "
        f"Abstentions: {_words(ABSTENTION)}.\n\n"
        "With bid b, ask a, price p and last different price q: quote rule: buy if 2 p > a + b, sell "
        "if 2 p < a + b. Tick rule: buy if p > q, sell if p < q. LR: quote rule, then tick. EMO: at "
        "the quotes the quote rule, else tick. CLNV: quote rule in the outer three tenths of the "
        "spread at ask and bid, else tick. Depth: at the middle alone, more shown at the ask is a "
        "buy, more at the bid a sell. Trade size: a size equal to the bid's alone is a customer's "
        "buy, for it filled an order resting there; equal to the ask's alone a sell. A *stack* asks "
        "its layers in turn; reverse layers read a later print and serve replays only.",
        _named(
            "side",
            "side_ticks",
            "sides",
            "sides_gate",
            "sides_cells",
            "sides_lookup",
            "sides_published",
            "sides_packets",
        ),
        (
            Table(
                ("stack", "layers in turn"),
                [(f"`{name}`", ", ".join(layer.name for layer in s)) for name, s in STACKS.items()],
            ),
            Table(
                ("where the print lay", "ISE", "CBOE", "claimed"),
                [(name, a.ise, a.cboe, a.lower) for name, a in ACCURACIES.items()],
            ),
        ),
    ),
    Section(
        "Parents",
        "A *taker event* is the prints of one series, venue, side and code family that lie so close "
        "that one order against several contras explains them; it is the unit of every count. A "
        "parent's side is judged against its arrival quote, strictly before its first member; each "
        f"member keeps its own placement. Kinds: {_words(PACKET_KIND)}. A sweep has several venues, a "
        "split several taker events on one, a block one large print; auctions, crosses and floor "
        "trades are such by code alone. Premium is price x size x multiplier, rounded per print and "
        "then summed.\n\n"
        f"A repeat is at least {series.REPEAT_COUNT} taker events of one series and side over "
        f"{series.REPEAT_LEAST_NS // SECOND_NS} s to {series_look.REPEAT_NS // SECOND_NS} s whose "
        f"sizes differ by at most one part in {series_look.SIMILAR}; a ladder is strikes of one "
        f"expiry, right and side taken within {series_look.LADDER_NS // SECOND_NS} s.",
        _named("options_parents", "options_members", "options_packets", "series", "series_look"),
        (_settings(options_config.PARENTS),),
    ),
    Section(
        "Packages: four claims",
        "*Grouping*: which leg prints of one root family, venue and code family within the package "
        "gap are one order. *Unsigned geometry*: the form without signs, by tests on expiries, "
        "strikes, rights and ratios. *Relative sign*: which legs were bought; when each leg prints "
        "inside its own market every vector of signs fits, so it rests on legs that met single "
        "orders, the net price grid and how usual each vector is. *Direction*: whether the form was "
        "bought or sold, by net against the package's own middle. Each has its own confidence; the "
        "direction of delta and volatility is that of the signed legs, with implied volatility and "
        "Greeks by Black and Scholes (1973).\n\n"
        f"Forms: {_words(GEOMETRY)}. Classes: {_words(PACKAGE_CLASS)}. A roll is a probability on a "
        "calendar or diagonal. A stock print with a contingent code of fitting size within seconds "
        "ties a package to it, less the chance of meeting one by accident.",
        _named(
            "packages",
            "packages_parse",
            "packages_score",
            "packages_forms",
            "packages_signs",
            "packages_claims",
            "packages_tables",
            "greeks",
            "stock",
        ),
    ),
    Section(
        "Opening",
        "Of a print of q contracts at most as many can close, on either side, as were open when the "
        "session began plus what traded since: opened_min = max(0, q - (open interest + volume "
        "before)) on each side. It is claimed only with exact open interest (a new series has 0) and "
        "a volume that is surely complete; otherwise `opening_basis` says what lacks. Source: the "
        "accounting identity of open interest.\n\n"
        "Where all of a packet is proven to have opened, `p_open` is 1 and `open_method` is proven. "
        "Else it is read from a table: the share of contracts that whoever was on the packet's side "
        "opened, by how it was made (single, auction, sweep, worked), its size against the displayed "
        "one, its size over open interest plus volume before, its size, its place in the quote and its "
        "days to expiry; finer cells are drawn to coarser ones, and those that do not differ are left "
        "out. It abstains without a side or open interest, for packages and legs, on adjusted series "
        "and late reports, and for makes that the tapes hardly show (crosses, floor trades). The table "
        "is fitted on the tuning region of a synthetic market; on any other tape `open_label` says "
        "uncalibrated, for nothing is known there of how often customers open.",
        _named("opening", "opening_kernel", "opening_chance"),
    ),
    Section(
        "Baselines",
        "For a metric x (log premium, log size, relative arrival spread) a level holds a location m "
        "and a scale s. A packet is scored first and counted after. With rate r = 1 / n up to "
        f"{_K.LEAST_PACKETS:g} packets, then {_K.RATE:g}, and deviation d = clip(x - m, +-{_K.CLIP:g} "
        f"s): m <- m + r d, s <- s + r (|d| x {_K.NORMAL:.4f} - s); the factor makes s the standard "
        "deviation of a normal x. Levels from the coarse to the fine: underlying and half hour of "
        "the session; moneyness, days and right of the underlying; series. The finer one is believed "
        f"by n / (n + k), k = {_K.BUCKET_K} and {_K.CONTRACT_K} for the three metrics, the rest goes "
        f"to the coarser one. z = (x - m) / s of the blend, within +-{_K.Z_BOUND:g}; below "
        f"{_K.LEAST_PACKETS:g} packets none is said. What was used is recorded with each z. No sample "
        "of the future enters: a published z stands.",
        _named("baselines", "baselines_kernel", "baselines_warm"),
    ),
    Section(
        "Directions, days and the second look",
        "Calls bought and puts sold lean up, calls sold and puts bought down; options bought are "
        "long volatility, sold short; without a side both are unknown. A package has the direction "
        "of its claims. Directions are made once a packet, so rules never disagree. Packets of at "
        f"least {follow.PREMIUM_FLOOR // 10_000:,} USD are looked at again "
        f"{follow.LOOK_NS // SECOND_NS} s later.",
        _named("context", "follow", "expiry"),
    ),
    Section(
        "Score, severity and stories",
        f"A score is the sum of whole ten-thousandths, so its parts add up exactly; {_S.UNIT:,} is 1. "
        "It orders alerts and is no probability; more premium never lowers it. A story is alerts of "
        "one underlying, direction, volatility direction and expiry bucket in a session with gaps of "
        f"at most {alerts_config.STORY_GAP_NS // SECOND_NS // 60} minutes. Severity is how many "
        "stories a day reached at least that score over the trailing sessions: "
        f"{', '.join(f'{name} at most {most:g}' for name, most in alerts_stories.RATES)}, else low; "
        f"unrated before {alerts_stories.SESSIONS_MIN} sessions. A budget limits what is delivered; "
        "what it held back is counted.",
        _named("alerts", "alerts_score", "alerts_stories"),
        (
            Table(("part", "most, in ten-thousandths", "share of it"), _WEIGHTS),
            _settings(alerts_config.SETTINGS),
        ),
    ),
    Section(
        "Innocent readings",
        "Each alert names what else the same packet would look like. Weights w of several readings "
        "are joined as 1 - (1 - w1)(1 - w2)..., and taken off the score as noise.",
        _named("benign"),
        (
            Table(
                ("reading", "version", "why it is innocent"),
                [(r.reading, r.version, r.sentence) for r in READINGS],
            ),
        ),
    ),
    Section(
        "Restatement",
        "A cancel, a correction or a late print never edits: it makes the next version of what it "
        "touches, in event-time order. Packets and prints are held for "
        f"{held_types.HORIZON_NS // held_types.MINUTE_NS} minutes, those that alerts stand on for the "
        "session. Cancels are matched by what their code says (the last, the first, the only trade "
        "of the series, or another), then by venue, price and size; corrections by the vendor's id. "
        "One without a trade is an orphan, recorded with its reason. An alert that no longer holds "
        "is retracted, with the reason.",
        _named("cancels", "held", "held_packets", "held_versions"),
    ),
    Section(
        "Receipts",
        "`islandflow explain ALERT_ID` computes an alert again. Shallow: the raw records that the "
        "alert refers to (session marks, member prints, quotes of their series and of the stock) go "
        "through the very core, alone; every column of the packet and of its prints that rests on "
        "them must come out the same, and rule, innocent readings and score are evaluated again on "
        "the packet. Columns that hang on the whole session (baselines, volume before, repeats, "
        "ladders, the story) are named and left out. Deep: the log of the shard is replayed from its "
        "start up to the alert, and every version of alert, packets and hits must be the same bytes. "
        "Either way the rows of the archive are compared with the records of the log, and the "
        "SHA-256 of the raw bytes of every print and quote is shown. What would have turned an alert "
        "off is, for each condition, the smallest change of its quantity that turns that condition, "
        "all else being equal.",
        ("cli.receipts.excerpt", "cli.receipts.replay", "cli.receipts.judge", "cli.receipts.compare"),
    ),
)
