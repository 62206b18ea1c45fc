"""What a piece of work cost its process: wall time, processor time and peak memory.

Owns the one line of JSON that the processes of a run print at their end and the benchmarks read.
"""

import json
import resource
import time
from pathlib import Path


class Cost:
    """Measures from its making on; imports and start-up before that do not count."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def line(self) -> str:
        """Return seconds of wall and processor time and peak resident memory in MB as JSON."""
        wall, cpu = time.monotonic() - self._wall, time.process_time() - self._cpu
        return json.dumps({"wall_s": round(wall, 3), "cpu_s": round(cpu, 3), "peak_mb": peak_mb()})


def peak_mb() -> int:
    """Return the peak resident memory in MB; of this program alone where the system tells.

    What getrusage says is kept from before the exec, so a child of a large process would look large.
    """
    try:
        with Path("/proc/self/status").open(encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
