"""``python -m kcore.cli``, for where the console script is not on the path."""

from __future__ import annotations

from kcore.cli import main

main()
