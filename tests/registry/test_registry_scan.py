"""The scan: what counts as installed, read without importing it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kcore.registry import refresh, registry, unreadable
from kcore.registry.scan import scan, search_path


def found(path: Path) -> list[tuple[str, ...]]:
    return [tuple(entry) for entry in scan([str(path)]).entries]


def test_entries_keep_group_name_value_distribution_and_version(site: Any) -> None:
    site.install(
        "some-layers", {"layers": {"Twice": "some_layers:Twice"}, "plugins": {"x": "some_hooks"}}, version="2.1"
    )
    assert found(site.folder) == [
        ("kcore.layers", "Twice", "some_layers:Twice", "some-layers", "2.1"),
        ("kcore.plugins", "x", "some_hooks", "some-layers", "2.1"),
    ]


def test_other_groups_are_not_looked_at(site: Any) -> None:
    site.install("tool", "[console_scripts]\nkcore.tool = tool:main\n\n[kcoreish]\na = b:c\n")
    assert found(site.folder) == []


def test_listing_imports_nothing(installed: Any) -> None:
    module = """
        from pathlib import Path
        Path(__file__).with_name("was-imported").touch()
        class Loud: ...
    """
    installed.install(
        "loud",
        {"layers": {"Loud": "loud_package.layers:Loud"}, "plugins": {"loud": "loud_package.layers"}},
        {"loud_package/__init__.py": module, "loud_package/layers.py": module},
    )
    refresh()
    layers = registry("layers")
    marker = installed.folder / "loud_package" / "was-imported"
    assert [record.qualified for record in layers.records(check=True)] == ["loud>Loud"]
    assert "Loud" in layers and layers.names() == ["Loud"]
    assert layers.resolve("loud>Loud").version == "1.0"
    assert not marker.exists()
    layers.load("Loud")
    assert marker.exists()


def test_every_view_and_command_line_listing_imports_no_plugin(site: Any) -> None:
    site.install("loud", {"layers": {"Loud": "loud:Loud"}}, {"loud.py": "raise SystemExit('imported')"})
    seen = site.python(
        """
        import sys, kcore.layers
        from kcore.registry import FAMILIES, hook_records, registry
        for family in FAMILIES:
            registry(family).records(check=True)
        hook_records()
        print("Loud" in dir(kcore.layers), "loud" in sys.modules)
        """
    )
    assert seen == "True False"


def test_an_odd_name_is_a_name(installed: Any) -> None:
    names = ["two words", "naïve", "dotted.name", "a>b", "colon:name", "#1"]
    lines = [f"{name} = odd:Odd" for name in names]
    installed.install("odd", "[kcore.layers]\n" + "\n".join(lines), {"odd.py": "class Odd: ..."})
    refresh()
    layers = registry("layers")
    assert set(layers.names()) == set(names) - {"#1"}, "a line that begins with # is a comment"
    for name in layers.names():
        assert layers.load(name) is layers.load(f"odd>{name}")


def test_one_bad_line_costs_only_itself(installed: Any) -> None:
    text = "[kcore.layers]\nno equals sign\nEmpty =\nBad = not an entry point!\nGood = good:Good\n"
    installed.install("mixed", text, {"good.py": "class Good: ..."})
    refresh()
    layers = registry("layers")
    assert layers.names() == ["Good"]
    states = {record.name: record.state for record in layers.records()}
    assert states == {"no equals sign": "broken", "Empty": "broken", "Bad": "broken", "Good": "available"}


@pytest.mark.parametrize("metadata", ["", "no colon here\n", "Metadata-Version: 2.1\nVersion: 1.0\n"])
def test_metadata_without_a_name_leaves_the_folders_name(site: Any, metadata: str) -> None:
    site.install("half-there", {"layers": {"Half": "half:Half"}}, version="3.2", metadata=metadata)
    (entry,) = scan([str(site.folder)]).entries
    assert (entry.name, entry.distribution) == ("Half", "half-there")
    assert entry.version in ("1.0", "3.2")


def test_missing_metadata_leaves_the_folders_name_and_version(site: Any) -> None:
    place = site.install("half-there", {"layers": {"Half": "half:Half"}}, version="3.2")
    (place / "METADATA").unlink()
    assert found(site.folder) == [("kcore.layers", "Half", "half:Half", "half-there", "3.2")]


def test_unreadable_entry_points_are_noted_and_passed_over(installed: Any) -> None:
    place = installed.install("garbled", {"layers": {"G": "g:G"}})
    (place / "entry_points.txt").write_bytes(b"[kcore.layers]\nG = \xff\xfe:G\n")
    installed.install("fine", {"layers": {"Fine": "fine:Fine"}})
    refresh()
    assert registry("layers").names() == ["Fine"]
    ((where, why),) = unreadable()
    assert where.startswith(str(place)) and "UnicodeDecodeError" in why


def test_the_first_on_the_path_wins_for_a_distribution_found_twice(site: Any, tmp_path: Path) -> None:
    later = tmp_path / "later"
    site.install("twice", {"layers": {"A": "new:A"}}, version="2.0")
    site.install("Twice", {"layers": {"A": "old:A", "Gone": "old:Gone"}}, version="1.0", folder=later)
    entries = scan([str(site.folder), str(later)]).entries
    assert [(entry.name, entry.value, entry.version) for entry in entries] == [("A", "new:A", "2.0")]


def test_an_editable_installs_two_metadata_folders_are_one(site: Any) -> None:
    site.install("edit-able", {"layers": {"A": "edit:A"}}, version="1.0")
    site.install("edit-able", {"layers": {"A": "edit:A"}}, version="1.0", style="egg-info")
    assert len(scan([str(site.folder)]).entries) == 1


def test_a_distribution_that_lost_its_entry_points_hides_an_older_one(site: Any, tmp_path: Path) -> None:
    later = tmp_path / "later"
    site.install("moved", "[console_scripts]\nmoved = moved:main\n", version="2.0")
    site.install("moved", {"layers": {"A": "moved:A"}}, folder=later)
    assert scan([str(site.folder), str(later)]).entries == ()


def test_of_two_versions_in_one_folder_the_higher_counts(site: Any) -> None:
    for version in ("0.9", "0.10", "0.2"):
        site.install("torn", {"layers": {"A": f"torn{version[2:]}:A"}}, version=version)
    (entry,) = scan([str(site.folder)]).entries
    assert (entry.version, entry.value) == ("0.10", "torn10:A")


def test_a_leftover_of_an_interrupted_uninstall_does_not_count(site: Any) -> None:
    place = site.install("left-over", {"layers": {"A": "left:A"}})
    place.rename(place.with_name("~eft_over-1.0.dist-info"))
    assert found(site.folder) == []


def test_the_order_is_that_of_the_path_then_of_the_names(site: Any, tmp_path: Path) -> None:
    first = tmp_path / "first"
    for name in ("zeta", "alpha", "midst"):
        site.install(name, {"layers": {name: "m:A"}})
    site.install("omega", {"layers": {"omega": "m:A"}}, folder=first)
    names = [entry.name for entry in scan([str(first), str(site.folder)]).entries]
    assert names == ["omega", "alpha", "midst", "zeta"]


def test_path_entries_that_are_no_folders_do_no_harm(site: Any, tmp_path: Path) -> None:
    site.install("some", {"layers": {"A": "m:A"}})
    text = tmp_path / "text.zip"
    text.write_text("no zip file")
    assert len(scan([str(tmp_path / "nowhere"), str(text), str(site.folder)]).entries) == 1


def test_the_search_path_is_absolute_and_names_each_folder_once(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.folder)
    monkeypatch.setattr("sys.path", ["", str(site.folder), ".", "sub"])
    assert search_path() == [os.getcwd(), os.path.join(os.getcwd(), "sub")]


def test_the_search_path_survives_a_removed_current_folder(site: Any) -> None:
    seen = site.python(
        """
        import os, sys, tempfile
        from kcore.registry.scan import search_path
        folder = tempfile.mkdtemp()
        os.chdir(folder); os.rmdir(folder)
        sys.path = ["", "/some/where"]
        print(search_path())
        """
    )
    assert seen == "['/some/where']"


def test_unknown_names_are_looked_for_again_when_something_was_installed(installed: Any) -> None:
    refresh()
    layers = registry("layers")
    assert layers.names() == []
    installed.install("late", {"layers": {"Late": "late:Late"}}, {"late.py": "class Late: ..."})
    assert layers.load("Late").__name__ == "Late"
