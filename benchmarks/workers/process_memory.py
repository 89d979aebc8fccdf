"""How much memory this process has and had."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def status(field: str) -> int:
    """A size of this process in KiB: ``VmRSS`` is what it has now, ``VmHWM`` the most it ever had."""
    if not STATUS.exists():  # other systems than Linux say only the most
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // 1024 if sys.platform == "darwin" else most
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise LookupError(field)
