"""Names among many installed distributions: ``plugins_kcore.py FOLDER CACHE``; the folder goes on the import path."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

sys.path.append(sys.argv[1])
os.environ.update(KCORE_CACHE_DIR=sys.argv[2], KCORE_CONFIG="off")

times: dict[str, float] = {}
begin = time.perf_counter()


def lap(name: str) -> None:
    global begin
    now = time.perf_counter()
    times[name] = (now - begin) * 1e3
    begin = time.perf_counter()


import_module("kcore")
lap("import_ms")
import_module("kcore.layers")
lap("view_ms")
registry = import_module("kcore.registry").registry
families = import_module("kcore.registry").FAMILIES
record = registry("layers").resolve("Dense")
lap("lookup_ms")
assert record.distribution == "kcore-layers"
found = [record for family in families for record in registry(family).records()]
lap("list_ms")
checked = [record for family in families for record in registry(family).records(check=True)]
lap("check_ms")
assert len(checked) == len(found)
assert all(record.state == "available" for record in checked)
print(json.dumps({**times, "names": len(found), "scanned": "importlib_metadata" in sys.modules}))
