"""Every way in which a plugin can be wrong, all installed at once: each is a record, and none disturbs the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOOD = "class Fine:\n    pass\n"
HANGS = "import time\ntime.sleep(600)\nclass Slow: ...\nclass Slower: ...\n"
NOISY = "import sys, os\nprint('[\"end\", 0, 0, null]')\nos.write(1, b'noise')\nsys.stderr.write('noise')\nclass Loud: ...\n"

PLUGINS: dict[str, tuple[str, dict[str, dict[str, str]]]] = {
    "raising": ("1 / 0", {"kcore.layers": {"Raising": "raising:Raising"}}),
    "hanging": (HANGS, {"kcore.layers": {"Slow": "hanging:Slow", "Slower": "hanging:Slower"}}),
    "attributeless": ("other = 1", {"kcore.layers": {"Absent": "attributeless:Absent"}}),
    "unwritten": ("class Wrong(:", {"kcore.layers": {"Wrong": "unwritten:Wrong"}}),
    "crashing": ("import os\nos._exit(3)", {"kcore.layers": {"Crash": "crashing:Crash"}}),
    "leaving": ("raise SystemExit('bye')", {"kcore.layers": {"Leaving": "leaving:Leaving"}}),
    "interrupting": ("raise KeyboardInterrupt", {"kcore.layers": {"Stop": "interrupting:Stop"}}),
    "moduleless": (GOOD, {"kcore.losses": {"lost": "no_such_module_anywhere:lost"}}),
    "odd": (
        GOOD,
        {"kcore.layers": {"two words": "odd:Fine", "[red]naïve[/red]": "odd:Fine", "a>b": "odd:Fine", "no form": "odd"}},
    ),
    "shadowing": (GOOD, {"kcore.layers": {"Dense": "shadowing:Fine"}}),
    "clash-one": (GOOD, {"kcore.layers": {"Clash": "clash_one:Fine"}}),
    "clash-two": (GOOD, {"kcore.layers": {"Clash": "clash_two:Fine"}}),
    "tomorrow": ("1 / 0", {"kcore.layers": {"Late": "tomorrow:Late"}, "kcore.api": {"2": "tomorrow"}}),
    "yesterday": (
        "1 / 0",
        {"kcore.layers": {"Early": "yesterday:E"}, "kcore.api": {"0": "yesterday"}, "kcore.plugins": {"y": "yesterday"}},
    ),
    "denied": (GOOD, {"kcore.layers": {"Denied": "denied:Fine"}}),
    "noisy": (NOISY, {"kcore.layers": {"Loud": "noisy:Loud"}}),
    "hooking": ("1 / 0", {"kcore.plugins": {"hooks": "hooking"}}),
    "fine": (GOOD, {"kcore.layers": {"Fine": "fine:Fine"}}),
}  # fmt: skip
# Of each distribution: kind and cause of the finding, without and with --load. ``None``: nothing to find.
SEEN = {
    "moduleless": ("broken", "the module 'no_such_module_anywhere' was not found"),
    "odd": ("broken", "the entry point 'odd' is not of the form 'module:attribute'"),
    "shadowing": ("shadowed", "the name 'Dense' belongs to kcore-layers"),
    "tomorrow": ("incompatible", "it was made for plugin API 2, and this kcore has 1"),
    "yesterday": ("incompatible", "it was made for plugin API 0, and this kcore has 1"),
    "denied": ("disabled", "disables denied"),
}
LOADED = {
    "raising": ("broken", "ZeroDivisionError: division by zero"),
    "hanging": ("hanging", "not imported after 2 s"),
    "attributeless": ("broken", "AttributeError: module 'attributeless' has no attribute 'Absent'"),
    "unwritten": ("broken", "SyntaxError: invalid syntax"),
    "crashing": ("broken", "the import ended the process (exit code 3)"),
    "leaving": ("broken", "SystemExit: bye"),
    "interrupting": ("broken", "KeyboardInterrupt"),
    "hooking": ("broken", "ZeroDivisionError: division by zero"),
}


@pytest.fixture
def run(process: Callable[..., Any], distribution: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Runs a command with all of these plugins on the path, one of them disabled."""
    for name, (code, points) in PLUGINS.items():
        folder = distribution(name, name.replace("-", "_"), code, points)
    switches = tmp_path / "switches.toml"
    switches.write_text('disable = ["denied"]\n')
    variables = {"PYTHONPATH": str(folder), "KCORE_CONFIG": str(switches), "PYTHONIOENCODING": "utf-8"}
    return lambda *arguments, **more: process(*arguments, **{**variables, **more})


def by_distribution(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["distribution"]: one for one in report["findings"] if one["distribution"]}


def test_the_listing_has_a_record_for_each(run: Callable[..., Any]) -> None:
    done = run("list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    records = {f"{row['distribution']}>{row['name']}": row for row in json.loads(done.stdout)}
    expected = {
        "raising>Raising": "available",
        "hanging>Slow": "available",
        "moduleless>lost": "broken",
        "odd>two words": "available",
        "odd>[red]naïve[/red]": "available",
        "odd>a>b": "available",
        "odd>no form": "broken",
        "shadowing>Dense": "shadowed",
        "kcore-layers>Dense": "available",
        "clash-one>Clash": "shadowed",
        "clash-two>Clash": "shadowed",
        "tomorrow>Late": "incompatible",
        "yesterday>Early": "incompatible",
        "yesterday>y": "incompatible",
        "denied>Denied": "disabled",
        "hooking>hooks": "available",
    }
    assert {name: records[name]["state"] for name in expected} == expected
    for name in (name for name, state in expected.items() if state != "available"):
        assert records[name]["reason"]
    table = run("list", "layers").stdout
    assert "[red]naïve[/red]" in table and "2 incompatible" in table


def test_the_doctor_says_what_can_be_seen_without_import(run: Callable[..., Any]) -> None:
    done = run("doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    found = by_distribution(report)
    assert set(found) == set(SEEN)
    for name, (kind, cause) in SEEN.items():
        assert found[name]["kind"] == kind
        assert cause in found[name]["cause"]
        assert found[name]["version"] == "1.5"
        assert found[name]["advice"]
    assert found["denied"]["advice"] == "kcore enable denied"
    assert found["yesterday"]["names"] == ["layers/Early", "plugins/y"]
    (clash,) = (one for one in report["findings"] if one["kind"] == "clashing")
    assert clash["cause"] == "clash-one 1.5 and clash-two 1.5 claim layers/Clash"
    assert clash["advice"] == ("settle it: kcore prefer layers/Clash clash-one or kcore prefer layers/Clash clash-two")
    assert clash["names"] == ["layers/clash-one>Clash", "layers/clash-two>Clash"]
    assert report["loaded"] is None and report["file"] is None


def test_the_doctor_loads_each_and_reports_what_fails_and_what_hangs(run: Callable[..., Any]) -> None:
    done = run("doctor", "--load", "--seconds", "2", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    found: dict[str, list[tuple[str, str]]] = {}
    for one in report["findings"]:
        found.setdefault(one["distribution"], []).append((one["kind"], one["cause"]))
    for name, (kind, cause) in {**SEEN, **LOADED}.items():
        assert any(kind == seen and cause in why for seen, why in found[name]), name
    assert set(found) == {*SEEN, *LOADED, ""}
    (hanging,) = (one for one in report["findings"] if one["kind"] == "hanging")
    assert hanging["names"] == ["layers/Slow", "layers/Slower"]
    outcomes = {one["name"]: one for one in report["loaded"]}
    assert outcomes["fine>Fine"]["problem"] is None and outcomes["fine>Fine"]["seconds"] >= 0
    assert outcomes["noisy>Loud"]["problem"] is None
    assert outcomes["odd>a>b"]["problem"] is None
    assert outcomes["shadowing>Dense"]["problem"] is None
    assert outcomes["hanging>Slower"]["hanging"] is True
    assert outcomes["hooking>hooks"]["family"] == "plugins"
    assert "denied>Denied" not in outcomes and "tomorrow>Late" not in outcomes
    assert outcomes["kcore-layers>Dense"]["problem"] is None
    assert len(report["loaded"]) > 150


def test_the_doctor_for_people(run: Callable[..., Any]) -> None:
    done = run("doctor")
    assert done.returncode == 1
    text = done.stdout
    for heading in ("Environment", "Distributions (", "Findings ("):
        assert f"\n{heading}" in text
    for name, (kind, _) in SEEN.items():
        assert f"  {kind:<12} {name} 1.5: " in text
    assert "Next: kcore enable denied" in text
    assert text.index("broken ") < text.index("clashing ") < text.index("shadowed ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raising>Raising", "ZeroDivisionError: division by zero"),
        ("Absent", "has no attribute 'Absent'"),
        ("Wrong", "SyntaxError"),
        ("Late", "it was made for plugin API 2, and this kcore has 1"),
        ("Clash", "is claimed by clash-one 1.5 and clash-two 1.5"),
        ("Denied", "disables denied. Change that switch to use it."),
    ],
)
def test_asking_for_one_is_one_clear_error(run: Callable[..., Any], name: str, message: str) -> None:
    done = run("info", f"layers/{name}")
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.startswith("Error: The layer") and "Traceback" not in done.stderr


def test_training_with_other_components_is_not_disturbed(run: Callable[..., Any], recipe: Path, tmp_path: Path) -> None:
    done = run("train", str(recipe), "--epochs", "1", "--verbose", "0", "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert results["epochs"] == 1 and results["test"]["accuracy"] > 0.3
    # The two hook modules, of which one is broken and one was made for another API, are told about and left out.
    warned = [line for line in done.stderr.splitlines() if line.startswith("Warning: The hooks")]
    assert len(warned) == 2 and "hooking 1.5" in done.stderr and "yesterday 1.5" in done.stderr
    evaluated = run("evaluate", "runs/model.h5", "--recipe", str(recipe), "--json")
    assert evaluated.returncode == 0
    assert json.loads(evaluated.stdout)["test"]["accuracy"] == results["test"]["accuracy"]
