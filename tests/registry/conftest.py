"""Throw-away distributions: real metadata folders and modules, in an import path of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

# Imported before the path is narrowed to what a test installs: the registry imports them when it needs them.
import importlib_metadata
import pluggy
import pytest

from kcore import registry as room
from kcore.registry.switches import switches

assert importlib_metadata and pluggy


class Site:
    """A folder on the import path into which tests install distributions."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.cache = cache
        folder.mkdir(parents=True, exist_ok=True)

    def install(
        self,
        name: str,
        entries: Mapping[str, Mapping[str, str]] | str,
        modules: Mapping[str, str] | None = None,
        *,
        version: str = "1.0",
        style: str = "dist-info",
        metadata: str | None = None,
        folder: Path | None = None,
    ) -> Path:
        """Write a distribution; `entries` by family (or the text of entry_points.txt), `modules` by path."""
        home = folder or self.folder
        stem = name.replace("-", "_")
        place = home / (f"{stem}-{version}.dist-info" if style == "dist-info" else f"{stem}.egg-info")
        place.mkdir(parents=True)
        file = "METADATA" if style == "dist-info" else "PKG-INFO"
        written = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" if metadata is None else metadata
        (place / file).write_text(written, encoding="utf-8")
        if not isinstance(entries, str):
            lines = []
            for family, members in entries.items():
                lines += [f"[kcore.{family}]", *(f"{key} = {value}" for key, value in members.items()), ""]
            entries = "\n".join(lines)
        (place / "entry_points.txt").write_text(entries, encoding="utf-8")
        for path, source in (modules or {}).items():
            target = home / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(source), encoding="utf-8")
        return place

    def uninstall(self, name: str) -> None:
        """Remove a distribution's metadata."""
        for place in self.folder.glob(f"{name.replace('-', '_')}-*.dist-info"):
            shutil.rmtree(place)

    def python(self, code: str, **environment: str) -> str:
        """What code prints in a fresh process, with this folder first on the path and warnings as errors."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("KCORE_")}
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
            env={
                **inherited,
                "PYTHONPATH": str(self.folder),
                "KCORE_CACHE_DIR": str(self.cache),
                "KCORE_CONFIG": "off",
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            cwd=self.folder.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty site, for fresh processes."""
    return Site(tmp_path / "site", tmp_path / "cache")


@pytest.fixture
def installed(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that is all there is for this process; call ``kcore.registry.refresh()`` after installing."""
    for variable in ("KCORE_PLUGINS", "KCORE_PREFER", "KCORE_INDEX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KCORE_CACHE_DIR", str(site.cache))
    # The real plugins step aside: a test may install another ``kcore_layers``.
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("kcore_")}
    before = set(sys.modules)
    bundled = [entry for entry in sys.path if entry and "-packages" not in entry and not _has_kcore(entry)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [str(site.folder), *bundled])
        patch.setattr(sys, "dont_write_bytecode", True)
        yield site
        for variable in ("KCORE_PLUGINS", "KCORE_PREFER"):
            patch.delenv(variable, raising=False)
        patch.setenv("KCORE_CONFIG", "off")
        for family in room.FAMILIES:
            for record in room.registry(family).records():
                if record.state == "local" or record.distribution == "local":
                    room.registry(family).unregister(record.name)
        room.configure_plugins(None)
        for family, name in list(switches.preferences()):
            room.prefer(family, name, None)
    for module in set(sys.modules) - before:
        if str(site.folder.parent) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]
    sys.modules.update(real)
    monkeypatch.undo()
    room.refresh()


def _has_kcore(entry: str) -> bool:
    return (Path(entry) / "kcore").is_dir()
