"""The components room: the contracts that plugins implement."""

from __future__ import annotations
