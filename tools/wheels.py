"""Build every wheel once, then test each plugin from its wheel in a clean environment.

    python tools/wheels.py [FAMILY ...]

Each environment has the plugin's wheel with its extra `test`, and what their metadata declares: nothing else. The
tests run from a copy beside which there is no source tree, so a file that the wheel lacks is missed. Run it with
the Python of `.venv` (it needs the dependency group "build").
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from workshop import AT_ONCE, ROOT, CheckError, Workshop, metadata, run_checks

# Imports everything that the metadata names, as a user's first use of each name would.
LOAD_ALL = """
from kcore.registry import FAMILIES, registry
count = 0
for family in FAMILIES:
    for record in registry(family).records():
        assert record.state == "available", record
        registry(family).load(record.qualified)
        count += 1
print(count)
"""


def test_plugin(workshop: Workshop, project: Path) -> str:
    """Run a plugin's tests against its wheel; the summary of the run."""
    family = project.name
    python = workshop.install(family, workshop.requirement(str(metadata(project)["name"]), "[test]"))
    place = workshop.folder / "tests" / family
    shutil.copytree(project / "tests", place / "plugins" / family / "tests")
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, place)
    return f"{workshop.run_tests(python, place, 'plugins')} tests passed"


def check_core(workshop: Workshop) -> str:
    """The core with no plugin: it imports, and its command line works and says what there is."""
    python = workshop.install("core", workshop.requirement("kcore"))
    command = python.parent / "kcore"
    workshop.run([python, "-W", "error", "-c", "import kcore; dir(kcore.layers)"])
    if "list" not in workshop.run([command, "--help"]):
        raise CheckError("`kcore --help` does not name the command `list`")
    workshop.run([command, "list"])
    records = json.loads(workshop.run([command, "list", "--json"]))
    others = [record for record in records if record["distribution"] != "kcore"]
    if others or not records:
        raise CheckError(f"`kcore list --json` of the core alone: {records}")
    return f"imports, `kcore list` shows its own {len(records)} names"


def check_standard(workshop: Workshop) -> str:
    """All first-party families together: every name that the metadata promises can be loaded."""
    python = workshop.install("standard", workshop.requirement("kcore-standard", "[digits]"))
    return f"{workshop.run([python, '-W', 'error', '-c', LOAD_ALL]).strip()} names load"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="these plugins only (default: all, and the core)")
    chosen = parser.parse_args().families
    plugins = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    tested = [path for path in plugins if (path / "tests").is_dir() and (not chosen or path.name in chosen)]
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kcore-wheels-") as temporary,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        workshop = Workshop(Path(temporary))
        try:
            list(pool.map(workshop.build, [ROOT, *plugins]))
            wheel_of = workshop.requirement
            workshop.gather(
                [wheel_of(str(metadata(path)["name"]), "[test]") for path in tested]
                + [wheel_of("kcore-standard", "[digits]")]
            )
        except CheckError as failure:
            raise SystemExit(str(failure)) from None
        print(f"{len(workshop.built)} wheels built ({time.monotonic() - start:.0f} s)", flush=True)

        checks: dict[str, Callable[[], str]] = {path.name: partial(test_plugin, workshop, path) for path in tested}
        if not chosen:
            whole = {"core": partial(check_core, workshop), "standard": partial(check_standard, workshop)}
            checks = {**whole, **checks}
        run_checks("wheels", checks, start)


if __name__ == "__main__":
    main()
