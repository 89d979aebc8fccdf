"""The cases of the layers, by subject; ``recorders.layers`` puts them into one file."""

from __future__ import annotations
