"""The training room: one program per step, data sources, and the loops that drive them."""

from __future__ import annotations
