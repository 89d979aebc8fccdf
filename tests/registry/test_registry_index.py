"""The index on disk: used when it holds, and never missed when it cannot be had."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from kcore.registry import index
from kcore.registry.index import cache_folder, index_file
from kcore.registry.scan import Entry, Scan, scan
from kcore.registry.watch import Watch

LOOK = """
    import sys
    from kcore.registry import registry
    names = [record.qualified for record in registry("layers").records() if record.distribution == "some-layers"]
    print(*names, "importlib_metadata" in sys.modules)
"""


@pytest.fixture
def some(site: Any) -> Any:
    site.install("some-layers", {"layers": {"A": "some:A"}}, {"some.py": "class A: ..."})
    settle(site.folder)
    return site


def settle(*folders: Path) -> None:
    """Age what a test has just written: folders that changed this instant are not indexed yet."""
    for folder in folders:
        old = time.time() - 5
        os.utime(folder, (old, old))


def files(site: Any) -> list[Path]:
    return sorted((site.cache / "index").glob("*.json"))


def test_a_hit_imports_no_metadata_library(some: Any) -> None:
    assert some.python(LOOK) == "some-layers>A True"
    assert some.python(LOOK) == "some-layers>A False"
    (file,) = files(some)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_component_loads_from_a_hit(some: Any) -> None:
    code = """
        import sys
        from kcore.registry import registry
        print(registry("layers").load("A").__name__, "importlib_metadata" in sys.modules)
    """
    assert [some.python(code), some.python(code)] == ["A True", "A False"]


def test_installing_and_removing_are_seen(some: Any) -> None:
    some.python(LOOK)
    some.install("other", {"layers": {"B": "other:B"}})
    settle(some.folder)
    code = LOOK.replace('record.distribution == "some-layers"', 'record.distribution in ("some-layers", "other")')
    assert some.python(code) == "some-layers>A other>B True"
    some.uninstall("some-layers")
    assert some.python(code) == "other>B True"


def test_entry_points_rewritten_in_place_are_seen(some: Any) -> None:
    some.python(LOOK)
    file = some.folder / "some_layers-1.0.dist-info" / "entry_points.txt"
    file.write_text("[kcore.layers]\nRenamed = some:A\n")
    assert some.python(LOOK) == "some-layers>Renamed True"


def test_old_style_metadata_rewritten_in_place_is_seen(site: Any) -> None:
    place = site.install("some-layers", "", style="egg-info")
    settle(site.folder)
    assert site.python(LOOK) == "True"
    assert site.python(LOOK) == "False"
    (place / "entry_points.txt").write_text("[kcore.layers]\nNew = some:A\n")
    assert site.python(LOOK) == "some-layers>New True"


def test_reinstalling_the_same_version_is_seen(some: Any) -> None:
    some.uninstall("some-layers")
    some.install("some-layers", "")
    settle(some.folder)
    assert some.python(LOOK) == "True"
    some.uninstall("some-layers")
    some.install("some-layers", {"layers": {"B": "some:B"}})
    settle(some.folder)
    assert some.python(LOOK) == "some-layers>B True"


def test_other_files_in_a_folder_of_the_path_cost_no_scan(some: Any) -> None:
    some.python(LOOK)
    (some.folder / "results.csv").write_text("1,2")
    assert some.python(LOOK) == "some-layers>A False"


def test_another_path_has_another_index(some: Any, tmp_path: Path) -> None:
    some.python(LOOK)
    other = tmp_path / "other"
    some.install("more", {"layers": {"C": "more:C"}}, folder=other)
    settle(other)
    assert some.python(LOOK, PYTHONPATH=f"{some.folder}{os.pathsep}{other}") == "some-layers>A True"
    assert len(files(some)) == 2


def test_the_index_can_be_bypassed(some: Any) -> None:
    some.python(LOOK)
    file = files(some)[0]
    file.write_text(file.read_text().replace("some:A", "wrong:A"))
    where = LOOK + '\n    print(registry("layers").resolve("some-layers>A").entry_point)'
    assert some.python(where, KCORE_INDEX="off") == "some-layers>A True\nsome:A"
    shutil.rmtree(some.cache)
    some.python(LOOK, KCORE_INDEX="off")
    assert not some.cache.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"format": 99}',
        b"[" * 100_000,
        b'{"format": 1, "folders": [], "files": {}, "entries": [[], [], [], [], []], "unreadable": []}',
        b'{"format": 2, "folders": [], "files": {}, "entries": [["a"]], "unreadable": []}',
        b'{"format": 2, "folders": [], "files": {}, "entries": [[1], [2], [3], [4], [5]], "unreadable": []}',
        b'{"format": 2, "folders": [], "files": {}, "entries": [["a"], [], [], [], []], "unreadable": []}',
        b'{"format": 2, "folders": [], "files": {}, "entries": [3, 3, 3, 3, 3], "unreadable": []}',
        b'{"format": 2, "folders": 3, "files": {}, "entries": [[], [], [], [], []], "unreadable": []}',
    ],
)
def test_a_damaged_index_is_replaced(some: Any, content: bytes) -> None:
    some.python(LOOK)
    (file,) = files(some)
    file.write_bytes(content)
    assert some.python(LOOK) == "some-layers>A True"
    assert some.python(LOOK) == "some-layers>A False"


def test_an_index_that_others_may_write_is_not_believed(some: Any) -> None:
    some.python(LOOK)
    (file,) = files(some)
    file.chmod(0o666)
    assert some.python(LOOK) == "some-layers>A True"


def test_a_cache_folder_that_cannot_be_written_does_no_harm(some: Any, tmp_path: Path) -> None:
    # A plain file where the folder should be: nobody can write there, an administrator included.
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    for _ in range(2):
        assert some.python(LOOK, KCORE_CACHE_DIR=str(blocked)) == "some-layers>A True"
    assert blocked.read_text() == ""


def test_a_read_only_cache_folder_does_no_harm(some: Any) -> None:
    (some.cache / "index").mkdir(parents=True)
    (some.cache / "index").chmod(0o500)
    try:
        assert some.python(LOOK).startswith("some-layers>A")
        assert some.python(LOOK).startswith("some-layers>A")
    finally:
        (some.cache / "index").chmod(0o700)


def test_no_home_does_no_harm(some: Any) -> None:
    assert some.python(LOOK, KCORE_CACHE_DIR="", HOME="/nonexistent/home", XDG_CACHE_HOME="") == "some-layers>A True"


def test_many_writers_at_once_leave_one_whole_index(some: Any) -> None:
    code = """
        import threading
        from kcore.registry import index
        from kcore.registry.scan import scan, search_path
        from kcore.registry.watch import Watch
        path = search_path(); watch = Watch.of(path); found = scan(path)
        write = lambda: [index.write(path, found, watch.watching(found.files)) for _ in range(20)]
        threads = [threading.Thread(target=write) for _ in range(4)]
        [thread.start() for thread in threads]
        seen = [index.read(path) for _ in range(50)]
        [thread.join() for thread in threads]
        print(all(one is None or one[0] == found for one in seen), index.read(path)[0] == found)
    """
    assert some.python(code) == "True True"
    assert [file.suffix for file in (some.cache / "index").iterdir()] == [".json"]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes indexes of made-up paths into a cache of the test's own; returns the file."""
    monkeypatch.setenv("KCORE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("KCORE_INDEX", raising=False)

    def write(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        settle(folder)
        index.write([str(folder)], Scan((), (), ()), Watch.of([str(folder)]))
        file = index_file([str(folder)])
        assert file is not None
        return Path(file)

    return write


def test_indexes_of_vanished_folders_are_pruned(written: Any, tmp_path: Path) -> None:
    gone = written("gone")
    kept = written("kept")
    assert gone.exists()
    (tmp_path / "gone").rmdir()
    written("new")
    assert not gone.exists() and kept.exists()


def test_old_indexes_and_leftovers_are_pruned(written: Any, tmp_path: Path) -> None:
    old, young = written("old"), written("young")
    long_ago = time.time() - 61 * 86_400
    os.utime(old, (long_ago, long_ago))
    junk, leftover = old.with_name("junk.json"), old.with_name(".writing-1-1")
    junk.write_text("[]")
    leftover.write_text("")
    os.utime(leftover, (long_ago, long_ago))
    foreign = old.with_name("notes.txt")
    foreign.write_text("not ours")
    written("new")
    assert [old.exists(), junk.exists(), leftover.exists()] == [False, False, False]
    assert young.exists() and foreign.exists()


def test_the_number_of_indexes_is_bounded(written: Any) -> None:
    first = written("first")
    os.utime(first, (time.time() - 100, time.time() - 100))
    for number in range(index.MOST_FILES):
        last = written(f"number{number}")
    assert len(list(last.parent.iterdir())) == index.MOST_FILES
    assert not first.exists() and last.exists()


def test_an_index_in_use_stays_young(written: Any, tmp_path: Path) -> None:
    file = written("used")
    old = time.time() - 10 * 86_400
    os.utime(file, (old, old))
    assert index.read([str(tmp_path / "used")]) is not None
    assert time.time() - file.stat().st_mtime < 60


def test_a_folder_that_changed_this_instant_is_not_indexed_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCORE_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "fresh"
    folder.mkdir()
    watch = Watch.of([str(folder)])
    now = time.time_ns()
    os.utime(folder, ns=(now, now))
    assert not Watch.of([str(folder)]).has_settled() or time.time_ns() - now > 20_000_000
    settle(folder)
    assert Watch.of([str(folder)]).has_settled()
    assert not watch.is_exact()


def test_everything_survives_the_file(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCORE_CACHE_DIR", str(site.cache))
    site.install("naïve-ünit", {"layers": {"Ä>B": "m:A [extra]"}}, version="1.0+local")
    settle(site.folder)
    path = [str(site.folder), str(site.folder / "nowhere")]
    watch = Watch.of(path)
    found = scan(path)
    assert found.entries == (Entry("kcore.layers", "Ä>B", "m:A [extra]", "naïve-ünit", "1.0+local"),)
    index.write(path, found, watch.watching(found.files))
    assert index.read(path) == (found, watch.watching(found.files))


def test_the_check_is_cheap(some: Any) -> None:
    code = """
        import time
        from kcore.registry import index
        from kcore.registry.catalogue import catalogue
        from kcore.registry.scan import search_path
        catalogue.entries("kcore.layers")
        def once():
            begin = time.perf_counter()
            assert index.read(search_path()) is not None
            return time.perf_counter() - begin
        print(min(once() for _ in range(20)))
    """
    # 0.2 ms where this was written; the bound leaves room for slow disks and busy machines.
    assert float(some.python(code)) < 5e-3


def test_a_foreign_finder_of_distributions_is_asked_each_time(some: Any) -> None:
    code = """
        import sys
        class Finder:
            def find_spec(self, *_): return None
            def find_distributions(self, context=None): return []
        sys.meta_path.append(Finder())
    """
    some.python(textwrap.dedent(code) + textwrap.dedent(LOOK))
    assert files(some) == []


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("KCORE_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == "/home/someone/.cache/kcore"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == "/home/someone/.cache/kcore"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == str(tmp_path / "kcore")
    monkeypatch.setenv("KCORE_CACHE_DIR", str(tmp_path / "own"))
    assert cache_folder() == str(tmp_path / "own")


def test_the_file_holds_what_the_listing_says(some: Any) -> None:
    some.python(LOOK)
    columns = json.loads(files(some)[0].read_text())["entries"]
    assert ("kcore.layers", "A", "some:A", "some-layers", "1.0") in zip(*columns, strict=True)
