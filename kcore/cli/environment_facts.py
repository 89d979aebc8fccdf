"""Facts about the machine and the libraries that results and start-up may depend on; no plugin is imported."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def environment_facts() -> dict[str, str]:
    """Facts by label. What cannot be found out says why, and stops nothing."""
    facts: dict[str, Callable[[], str]] = {
        "kcore": _core,
        "Python": _python,
        "platform": platform.platform,
        "processors": _processors,
        "NumPy": _numpy,
        "BLAS": _blas,
        "threads": _threads,
        "h5py": _h5py,
        "index": _index,
        "switches": _switches,
        "variables": _variables,
    }
    found = {}
    for label, ask in facts.items():
        try:
            found[label] = ask()
        except Exception as error:  # A library that cannot be imported is just what this is to find out.
            found[label] = f"cannot be told ({type(error).__name__}: {error})"
    return found


def _core() -> str:
    import kcore
    from kcore.registry.api import supported

    return f"{kcore.__version__}, plugin API {supported()}, in {os.path.dirname(os.path.abspath(kcore.__file__))}"


def _python() -> str:
    return f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable or 'embedded'}"


def _processors() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{os.cpu_count()}, of which this process may use {usable}"


def _numpy() -> str:
    import numpy as np

    return np.__version__


def _blas() -> str:
    # Only a library that is loaded is found.
    import_module("numpy")
    from threadpoolctl import threadpool_info

    pools: list[dict[str, Any]] = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    told = [
        f"{pool.get('internal_api')} {pool.get('version')} ({pool.get('architecture', 'architecture unknown')}, "
        f"{pool.get('num_threads')} threads)"
        for pool in pools
    ]
    return "; ".join(told) or "none that threadpoolctl knows"


def _threads() -> str:
    from kcore.engine.numpy_backend.threads import available_threads

    return f"programs of kcore run on {available_threads()}"


def _h5py() -> str:
    import h5py

    return f"{h5py.__version__} with HDF5 {h5py.version.hdf5_version}"


def _index() -> str:
    from kcore.registry.index import index_file, read
    from kcore.registry.scan import search_path

    path = search_path()
    file = index_file(path)
    if file is None:
        return "none: switched off with KCORE_INDEX, no cache folder, or a foreign finder of distributions"
    if not os.path.exists(file):
        return f"not written yet: {file}"
    kept = read(path)
    return f"{f'valid, {len(kept[0].entries)} entries' if kept else 'outdated, to be written anew'}: {file}"


def _switches() -> str:
    from kcore.registry.switch_file import shown, switch_file

    path = switch_file()
    if path is None:
        return "no file"
    return f"{shown(path)}{'' if os.path.exists(path) else ' (not there)'}"


def _variables() -> str:
    said = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("KCORE_")]
    return " ".join(said) or "no variable KCORE_... is set"
