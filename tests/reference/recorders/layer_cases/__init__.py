"""The cases of the layers: a module, and a file of numbers, for each group."""

from __future__ import annotations
