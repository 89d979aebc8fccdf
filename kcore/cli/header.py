"""The lines that a report begins with: versions, and what plugins add."""

from __future__ import annotations

import platform


def report_header() -> list[str]:
    """The versions that results may depend on, then the lines of the hook ``kcore_report_header``."""
    import numpy as np

    from kcore import __version__
    from kcore.registry import hooks

    lines = [f"kcore {__version__}, NumPy {np.__version__}, Python {platform.python_version()}"]
    for found in hooks().kcore_report_header():
        lines += [found] if isinstance(found, str) else found
    return lines
