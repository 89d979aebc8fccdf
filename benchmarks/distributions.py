"""Hundreds of installed distributions: real metadata folders, made up, with modules that would be imported."""

from __future__ import annotations

import argparse
from pathlib import Path

NAMES = 3
"""The names that each plugin brings."""


def install_many(folder: Path, count: int, plugins: int) -> None:
    """Write ``count`` distributions into a folder for the import path; the first ``plugins`` are for kcore."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = f"some_{number:04}"
        metadata = folder / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
        entry_points = f"[console_scripts]\n{name} = {name}:main\n"
        if number < plugins:
            entry_points = (
                f"[kcore.api]\n1 = {name}\n\n[kcore.layers]\nLayer{number:04} = {name}:Layer\n"
                f"Other{number:04} = {name}:Other\n\n[kcore.losses]\nloss{number:04} = {name}:loss\n"
            )
            (folder / f"{name}.py").write_text("class Layer: ...\nclass Other: ...\ndef loss(): ...\n")
        (metadata / "entry_points.txt").write_text(entry_points)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=600)
    parser.add_argument("plugins", type=int, nargs="?", help="how many of them are for kcore (all)")
    options = parser.parse_args()
    install_many(options.folder, options.count, options.count if options.plugins is None else options.plugins)


if __name__ == "__main__":
    main()
