"""The text of a package: its identity, its members, its legs and what its claims rest on, as JSON.

Owns the shape of `legs` and `package_evidence`: prices in USD a share, premium in USD. Refuses floats of its
own: every number is written from whole units of the columns.
"""

from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from dataflows.analytics import packages_layout as at
from dataflows.analytics.ids import SEPARATOR, hashed
from dataflows.analytics.options_names import Names
from dataflows.analytics.packages_layout import Read
from dataflows.analytics.packages_stock import Tie
from schemas.kinds import PACKAGE_CLASS

Prints: TypeAlias = dict[int, list[tuple[int, int]]]  # (sequence number, size) by number of the series
DECIMALS: Final = 65_536  # numbers whose text is remembered; the least recently used goes first
_NANO: Final = 9
_MONEY: Final = 4


class Claim(NamedTuple):
    """What is claimed: package or leg, class, 1 bought -1 sold 0 not said, both directions, stock."""

    is_package: bool
    kind: int
    way: int
    direction: int
    volatility: int
    tie: Tie


@lru_cache(maxsize=DECIMALS)
def decimal(value: int, places: int) -> str:
    """Return a whole number of 10**-places as decimal text without trailing zeros."""
    whole, rest = divmod(abs(value), 10**places)
    tail = f".{rest:0{places}}".rstrip("0").rstrip(".")
    return f"{'-' if value < 0 else ''}{whole}{tail}"


def identity(underlying: str, seqs: list[int]) -> str:
    """Return the id of a packet over its members."""
    return hashed(SEPARATOR.join(("options.prints", underlying, *map(str, seqs))))


def listed(seqs: list[int], most: int | None = None) -> str:
    """Return sequence numbers as a JSON list, those beyond `most` only counted."""
    if most is not None and len(seqs) > most:
        return f'[{",".join(map(str, seqs[:most]))},{{"more":{len(seqs) - most}}}]'
    return f"[{','.join(map(str, seqs))}]"


def described(read: Read, k: int, claim: Claim, prints: Prints, names: Names) -> tuple[str, str]:
    """Return the JSON of the legs and of the evidence of package `k`; `prints` are those of each series."""
    start, stop = int(read.starts[k]), int(read.starts[k + 1])
    lines, signs = read.lines[start:stop].tolist(), read.signs[start:stop].tolist()
    legs = [_leg(line, sign * claim.way, prints, names) for line, sign in zip(lines, signs, strict=True)]
    return f"[{','.join(legs)}]", _evidence(read, k, claim, signs) if claim.is_package else "{}"


def _price(value: int) -> str:
    return "null" if value < 0 else decimal(value, _NANO)


def _leg(line: list[int], sign: int, prints: Prints, names: Names) -> str:
    """Return one leg; its ratio is signed where the package claims who bought."""
    shown = ",".join(f"[{seq},{size}]" for seq, size in prints[line[at.N_CONTRACT]])
    return (
        f'{{"contract":"{names.contracts[line[at.N_CONTRACT]]}","ratio":{line[at.N_RATIO] * (sign or 1)},'
        f'"is_signed":{"true" if sign else "false"},"size":{line[at.N_SIZE]},'
        f'"price":{_price(line[at.N_PRICE])},"premium":{decimal(line[at.N_PREMIUM], _MONEY)},'
        f'"first_seq":{line[at.N_FIRST_SEQ]},"bid":{_price(line[at.N_BID])},"ask":{_price(line[at.N_ASK])},'
        f'"prints":[{shown}]}}'
    )


def _evidence(read: Read, k: int, claim: Claim, signs: list[int]) -> str:
    """Return what the claims rest on: the best signs, the runner-up, the net in its market, the stock."""
    whole, real = read.whole[k].tolist(), read.real[k].tolist()
    parts = []
    if real[at.R_SIGN] == real[at.R_SIGN]:
        vector = "".join("+" if s > 0 else "-" for s in signs)
        parts.append(f'"signs":"{vector}","class":"{PACKAGE_CLASS[whole[at.K_CLASS]]}"')
    if real[at.R_OTHER] == real[at.R_OTHER]:
        other = PACKAGE_CLASS[whole[at.K_OTHER]]
        parts.append(f'"runner_up":"{other}","runner_up_p":{real[at.R_OTHER]:.4f}')
    if real[at.R_PLACE] == real[at.R_PLACE]:
        net, bid, ask = (decimal(whole[n], _NANO) for n in (at.K_NET, at.K_BID, at.K_ASK))
        parts.append(f'"net":{net},"net_bid":{bid},"net_ask":{ask},"place":{real[at.R_PLACE]:.4f}')
    if claim.tie.seq >= 0:
        parts.append(f'"stock_shares":{claim.tie.wanted},"stock_chance":{claim.tie.chance:.4f}')
    return f"{{{','.join(parts)}}}"
