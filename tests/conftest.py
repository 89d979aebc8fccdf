"""Every program that a test compiles is checked for legality after each pass."""

from __future__ import annotations

import os

os.environ["KCORE_CHECK_PROGRAMS"] = "1"
