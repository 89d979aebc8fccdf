"""The saving room: file formats, found by suffix. Nothing here is imported before a file is written or read."""

from __future__ import annotations
