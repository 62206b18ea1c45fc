"""Compiles the kernels once, at installation, so that the first run does not wait for it."""

import sys
from collections import deque
from itertools import islice

from connectors.feeds.synthetic import SyntheticFeed
from dataflows.analytics.kernels import load_kernels

CHUNKS = 25  # from before the open into trading: by then every kernel of the market has run


def main() -> int:
    """Compile what is not compiled yet: the core's kernels, and those of the synthetic market."""
    load_kernels()
    deque(islice(SyntheticFeed("adversarial", 1, 1).chunks(), CHUNKS), maxlen=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
