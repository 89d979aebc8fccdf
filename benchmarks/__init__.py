"""kcore measured beside its peers: ``python -m benchmarks`` in the root of the repository. Standard library only."""

from __future__ import annotations
