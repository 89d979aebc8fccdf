"""The virtual environments of the libraries: made on first use, and what they weigh."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.libraries import KCORE, ROOT, Library

# What a virtual environment has by itself, and what pip and its like leave behind.
TOOLS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack", "distutils-precedence")


class InstallationError(Exception):
    """An environment could not be made; the text is the installer's last words."""


def projects() -> list[Path]:
    """The folders of kcore's distributions."""
    return [ROOT, *sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))]


def sources() -> Iterator[Path]:
    """Every file that gets into kcore's wheels, or decides what does."""
    for project in projects():
        yield project / "pyproject.toml"
    for package in [ROOT / "kcore", *sorted((ROOT / "plugins").glob("*/kcore_*"))]:
        found = (path for path in package.rglob("*") if "__pycache__" not in path.parts)
        yield from sorted(path for path in found if path.is_file())


def wanted(library: Library) -> str:
    """What the stamp of an up-to-date environment says."""
    text = f"Python {sys.version}\n" + "\n".join(library.requirements)
    if library == KCORE:
        digest = hashlib.sha256()
        for path in sources():
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
        text += f"\nkcore {digest.hexdigest()}"
    return text


def environment(library: Library) -> Path:
    """The Python of a library's environment, which is made anew when it is missing or not what is wanted.

    Raises:
        InstallationError: a build or an installation failed.
    """
    python, stamp = library.folder / "bin" / "python", library.folder / "installed"
    text = wanted(library)
    if not stamp.exists() or stamp.read_text() != text:
        print(f"making the environment of {library.label} ...", flush=True)
        venv.create(library.folder, with_pip=True, clear=True)
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        with tempfile.TemporaryDirectory(prefix="kcore-bench-") as folder:
            if library == KCORE:
                for project in projects():
                    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], project)
            _run([*pip, *library.requirements, *sorted(Path(folder).glob("*.whl"))], library.folder)
        stamp.write_text(text)
    return python


def _run(command: list[str | Path], cwd: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True)
    if done.returncode:
        raise InstallationError("\n".join((done.stderr or done.stdout).strip().splitlines()[-20:]))


def installed_bytes(folder: Path) -> dict[str, int]:
    """Bytes of the files in an environment by the first part of their path, without pip and setuptools."""
    (packages,) = folder.glob("lib/python*/site-packages")
    sizes: dict[str, int] = {}
    for entry in packages.iterdir():
        if entry.name.startswith(TOOLS):
            continue
        files = [entry] if entry.is_file() else [path for path in entry.rglob("*") if path.is_file()]
        sizes[entry.name] = sum(path.stat().st_size for path in files if not path.is_symlink())
    return sizes
