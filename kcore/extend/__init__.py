"""What authors of plugins build on beneath components: primitives, backends, formats.

Components need none of it: layers, losses and all the others derive from the contracts in ``kcore.layers``,
``kcore.losses`` and so on, and compute with NumPy and ``kcore.ops``. The modules here are the public face of rooms that
plugins do not import: ``kcore.extend.primitives``, ``kcore.extend.backends`` and ``kcore.extend.formats``.
"""

from __future__ import annotations
