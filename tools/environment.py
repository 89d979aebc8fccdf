"""Make this repository's virtual environment: the core and every plugin editable, and the tools for work on them.

    python tools/environment.py [GROUP ...]

A GROUP is one of `[dependency-groups]` in pyproject.toml; "test" is the default. Needs only Python's standard
library; takes uv when it is on the PATH, else pip. When nothing changed since the last run it does nothing.
"""

from __future__ import annotations

import sys

# First of all, because an older Python lacks a module that is imported below.
if sys.version_info < (3, 11):
    raise SystemExit(f"kcore needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import tomllib
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / "kcore-environment.json"
# What a plugin needs beside its declared dependencies so that its whole test suite runs here.
EXTRAS = {"datasets": "[digits]"}


def requirements(groups: Iterable[str]) -> list[str]:
    """The requirements of dependency groups, with the groups they include (PEP 735)."""
    table: dict[str, list[str | dict[str, str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())[
        "dependency-groups"
    ]
    found: list[str] = []
    for group in groups:
        if group not in table:
            raise SystemExit(f"There is no dependency group {group!r}; there are: {', '.join(table)}.")
        for entry in table[group]:
            found += [entry] if isinstance(entry, str) else requirements([entry["include-group"]])
    return list(dict.fromkeys(found))


def projects() -> list[Path]:
    """The folders of all distributions: the core first, then the plugins by name."""
    return [ROOT, *sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))]


def fingerprint() -> str:
    """A checksum of everything that decides what is installed: the projects' files, this file, Python, the place."""
    digest = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    for path in [*(project / "pyproject.toml" for project in projects()), Path(__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def installed(wanted: str) -> set[str]:
    """The groups that the environment already has; empty when it must be made again."""
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text())
        # The stamp may have survived an upgrade that took away the Python behind the environment.
        subprocess.run([PYTHON, "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return set()
    return set(stamp["groups"]) if stamp["fingerprint"] == wanted else set()


def installer() -> list[str]:
    """The command that installs into the environment: uv's or pip's."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--no-sources", "--python", str(PYTHON)]
    return [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def install(*arguments: str) -> None:
    """Install into the environment, whatever other environment the shell is in."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run([*installer(), *arguments], check=True, env=kept)


def make() -> None:
    """Make the environment anew, with the core and every plugin editable."""
    uv = shutil.which("uv")
    print(f"making {FOLDER.name} with {'uv' if uv else 'pip'} (once; a minute or two) ...", flush=True)
    STAMP.unlink(missing_ok=True)
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, FOLDER], check=True)
    else:
        try:
            venv.create(FOLDER, clear=True, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"{sys.executable} cannot make a virtual environment with pip: {error}\n"
                "On Debian and Ubuntu the package python3-venv brings what is missing."
            ) from None
    # The build tool comes first, so that the projects need no build environment each.
    install(*requirements(["build"]))
    editable = [part for path in projects() for part in ("-e", f"{path}{EXTRAS.get(path.name, '')}")]
    install("--no-build-isolation", *editable)


def add(groups: set[str], then: set[str]) -> None:
    """Install groups of tools, and write down which groups the environment has then."""
    install(*requirements(sorted(groups)))
    STAMP.write_text(json.dumps({"fingerprint": fingerprint(), "groups": sorted(then)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("groups", nargs="*", default=["test"], metavar="GROUP")
    groups = set(parser.parse_args().groups)
    present = installed(fingerprint())
    if not groups <= present:
        try:
            if not present:
                make()
            add(groups - present, groups | present)
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"The installation failed: {error}") from None


if __name__ == "__main__":
    main()
