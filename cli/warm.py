"""Compiles the kernels once, at installation, so that the first run does not wait for it."""

import sys

from dataflows.analytics.kernels import load_kernels


def main() -> int:
    """Compile what is not compiled yet."""
    load_kernels()
    return 0


if __name__ == "__main__":
    sys.exit(main())
