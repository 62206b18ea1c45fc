"""Identities: a short hash of the evidence, equal wherever the same evidence is seen again.

Owns how ids are made. Refuses anything but text and integers: no float, offset or clock takes part.
"""

from hashlib import sha256
from typing import Final

ID_LENGTH: Final = 16
SEPARATOR: Final = "\x1f"


def evidence_id(*parts: str | int) -> str:
    """Return 16 hexadecimal digits of SHA-256 over the parts, parted by unit separators."""
    return hashed(SEPARATOR.join(map(str, parts)))


def hashed(text: str) -> str:
    """Return the id of parts that the caller has joined by SEPARATOR."""
    return sha256(text.encode()).hexdigest()[:ID_LENGTH]
