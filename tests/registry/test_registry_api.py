"""Versions of the plugin API: what a plugin declares, and what becomes of one that was made for another version."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import kcore
from kcore.errors import (
    AmbiguousComponentError,
    DisabledComponentError,
    IncompatibleComponentError,
    KcorePluginWarning,
    UnknownComponentError,
)
from kcore.registry import API_VERSION, FAMILIES, configure_plugins, hook_records, hooks, refresh, registry
from kcore.registry.api import OLDEST_API, declared_api, judge, parse_range, supported
from kcore.registry.scan import scan

MODULE = "class Dense: ...\nclass Special: ..."
BEFORE, AFTER = API_VERSION - 1, API_VERSION + 1


def install(site: Any, name: str, *ranges: object, names: tuple[str, ...] = ("Special",), **others: Any) -> None:
    module = name.replace("-", "_")
    entries: dict[str, dict[str, str]] = {"layers": {one: f"{module}:{one}" for one in names}, **others}
    if ranges:
        entries["api"] = {str(one): module for one in ranges}
    site.install(name, entries, {f"{module}.py": MODULE})


def test_the_version_is_public() -> None:
    assert kcore.PLUGIN_API == API_VERSION
    assert isinstance(API_VERSION, int)
    assert OLDEST_API <= API_VERSION
    assert "api" not in FAMILIES
    low, high = parse_range(supported()) or (0, 0)
    assert (low, high) == (OLDEST_API, API_VERSION)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", (1, 1)),
        (" 1-3 ", (1, 3)),
        ("1 - 3", (1, 3)),
        ("0", (0, 0)),
        ("3-1", None),
        ("", None),
        ("1-", None),
        ("-1", None),
        ("1.0", None),
        ("one", None),
        ("²", None),
        ("9" * 10, None),
    ],
)
def test_ranges(text: str, expected: tuple[int, int] | None) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "ranges",
    [
        (),
        (API_VERSION,),
        (f"{BEFORE}-{API_VERSION}",),
        (f"{API_VERSION}-{AFTER}",),
        (f"{BEFORE}-{AFTER}",),
        (AFTER, API_VERSION),
        (API_VERSION, "nonsense"),
    ],
)
def test_a_plugin_that_fits_or_says_nothing_is_available(installed: Any, ranges: tuple[object, ...]) -> None:
    install(installed, "some", *ranges)
    refresh()
    assert registry("layers").resolve("Special").state == "available"
    assert registry("layers").load("Special").__module__ == "some"
    declared = declared_api("some")
    assert (declared is None) == (ranges == ())
    assert declared is None or declared.problem is None


@pytest.mark.parametrize("other", [BEFORE, AFTER, f"{AFTER}-{AFTER + 4}"])
def test_a_plugin_for_another_version_is_a_record_and_an_error(installed: Any, other: object) -> None:
    install(installed, "some", other)
    refresh()
    layers = registry("layers")
    (record,) = layers.records()
    reason = f"it was made for plugin API {other}, and this kcore has {API_VERSION}"
    assert (record.state, record.reason) == ("incompatible", reason)
    assert layers.records(check=True) == [record]
    assert layers.names() == [] and "Special" not in layers and "some>Special" not in layers
    for name in ("Special", "some>Special"):
        with pytest.raises(IncompatibleComponentError) as caught:
            layers.load(name)
        error: Any = caught.value
        assert (error.declared, error.api_version, error.core_version) == (str(other), API_VERSION, kcore.__version__)
        assert (error.distribution, error.version, error.name) == ("some", "1.0", "Special")
        assert str(error) == (
            f"The layer 'Special' of some 1.0 cannot be used with kcore {kcore.__version__}, whose plugin API is "
            f"{API_VERSION}: {reason}. Install another version of some (pip install --upgrade some) or of kcore. Other "
            "components are not affected."
        )
    assert "some" not in sys.modules


def test_a_version_that_cannot_be_understood(installed: Any) -> None:
    install(installed, "some", "newest")
    refresh()
    (record,) = registry("layers").records()
    assert record.state == "incompatible"
    assert record.reason == "its plugin API 'newest' is no version and no range such as '1' or '1-2'"
    assert judge(["newest", str(AFTER)]).problem == record.reason
    with pytest.raises(IncompatibleComponentError, match="'newest' is no version"):
        registry("layers").load("Special")


def test_several_ranges_are_all_told() -> None:
    found = judge([str(BEFORE), str(AFTER), str(AFTER)])
    assert found.text == f"{BEFORE},{AFTER}"
    assert found.problem == f"it was made for plugin API {BEFORE},{AFTER}, and this kcore has {API_VERSION}"


def test_the_bare_name_falls_to_whoever_else_claims_it(installed: Any) -> None:
    install(installed, "kcore-layers", AFTER, names=("Dense",))
    install(installed, "one", AFTER)
    install(installed, "two", API_VERSION, names=("Dense", "Special"))
    refresh()
    layers = registry("layers")
    assert layers.resolve("Dense").distribution == "two"
    assert layers.load("Special").__module__ == "two"
    assert {record.qualified: record.state for record in layers.records()} == {
        "kcore-layers>Dense": "incompatible",
        "one>Special": "incompatible",
        "two>Dense": "available",
        "two>Special": "available",
    }
    install(installed, "three", API_VERSION)
    refresh()
    with pytest.raises(AmbiguousComponentError) as caught:
        layers.load("Special")
    assert list(caught.value.claims) == ["two", "three"] or list(caught.value.claims) == ["three", "two"]  # type: ignore[attr-defined]


def test_an_unknown_name_is_not_compared_with_what_cannot_be_used(installed: Any) -> None:
    install(installed, "some", AFTER)
    refresh()
    with pytest.raises(UnknownComponentError) as caught:
        registry("layers").load("Specia")
    assert caught.value.near == ()  # type: ignore[attr-defined]


def test_what_is_switched_off_is_disabled_first_of_all(installed: Any) -> None:
    install(installed, "some", AFTER)
    refresh()
    with configure_plugins("off"):
        assert registry("layers").records()[0].state == "disabled"
        with pytest.raises(DisabledComponentError):
            registry("layers").load("Special")


def test_another_version_installed_meanwhile_is_seen(installed: Any) -> None:
    install(installed, "some", AFTER)
    refresh()
    with pytest.raises(IncompatibleComponentError):
        registry("layers").load("Special")
    installed.uninstall("some")
    install(installed, "some", API_VERSION)
    refresh()
    assert registry("layers").load("Special").__name__ == "Special"


def test_hooks_for_another_version_are_left_out_and_warned_about(installed: Any) -> None:
    hook = "from kcore.registry import hookimpl\n@hookimpl\ndef kcore_report_header(): return 'here'"
    for name, version in (("old", BEFORE), ("new", AFTER), ("fit", API_VERSION)):
        entries = {"plugins": {name: f"{name}_hooks"}, "api": {str(version): name}}
        installed.install(name, entries, {f"{name}_hooks.py": hook})
    refresh()
    expected = {"old": "incompatible", "new": "incompatible", "fit": "available"}
    assert {record.distribution: record.state for record in hook_records()} == expected
    with pytest.warns(KcorePluginWarning) as caught:
        assert hooks().kcore_report_header() == ["here"]
    assert [str(one.message).partition(": ")[0] for one in caught] == [
        "The hooks 'new_hooks' of new 1.0 are left out",
        "The hooks 'old_hooks' of old 1.0 are left out",
    ]
    assert f"made for plugin API {AFTER}, and this kcore has {API_VERSION}" in str(caught[0].message)
    assert {record.distribution: record.state for record in hook_records()} == expected
    assert not {"old_hooks", "new_hooks"} & set(sys.modules)


def test_the_core_itself_is_never_incompatible(installed: Any) -> None:
    install(installed, "kcore", AFTER, names=("Dense",))
    refresh()
    assert registry("layers").resolve("Dense").state == "available"


def test_every_first_party_plugin_declares_this_version() -> None:
    root = Path(__file__).parents[2]
    files = [file for file in root.glob("plugins/*/pyproject.toml") if file.parent.name not in ("standard", "pytest")]
    assert files
    for file in files:
        points = tomllib.loads(file.read_text())["project"]["entry-points"]["kcore.api"]
        assert points == {str(API_VERSION): f"kcore_{file.parent.name}"}
        assert judge(points).problem is None


@pytest.mark.parametrize("spelled", ["1", "1-2", "2"])
def test_a_real_wheel_carries_the_declaration(tmp_path: Path, spelled: str) -> None:
    (tmp_path / "kcore_some").mkdir()
    (tmp_path / "kcore_some" / "__init__.py").write_text("class Special: ...\n")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "kcore-some"\nversion = "3.0"\n'
        f'[project.entry-points."kcore.api"]\n{spelled} = "kcore_some"\n'
        '[project.entry-points."kcore.layers"]\nSpecial = "kcore_some:Special"\n'
    )
    built = "import hatchling.build, sys; hatchling.build.build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", built, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    entries = {(entry.group, entry.name, entry.value) for entry in scan([str(tmp_path / "site")]).entries}
    assert entries == {
        ("kcore.api", spelled, "kcore_some"),
        ("kcore.layers", "Special", "kcore_some:Special"),
    }
