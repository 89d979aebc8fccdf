"""The page from stored results: those of a quick run of everything, and changes to them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.sections import SECTIONS
from benchmarks.store import Store, merged
from benchmarks.tables import number, ratio

RECORDED = Path(__file__).parent / "data" / "results"


def recorded(section: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{section}.json").read_text())
    return found


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The cells of the table rows under a heading, by the first cell."""
    block = re.split(rf"^#+ {re.escape(heading)}$", page, flags=re.M)[1]
    block = re.split(r"^#+ ", block, flags=re.M)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in cells[2:]}


def test_the_summary_takes_the_fastest_peer() -> None:
    page = report.results(Store(RECORDED))
    entries = recorded("training")["data"]["tiny_mlp"]
    own = entries["kcore"]["median_ms"]
    fastest = min(entry["median_ms"] for name, entry in entries.items() if name != "kcore")
    assert fastest == entries["keras-jax"]["median_ms"]
    assert rows(page, "Summary")["tiny_mlp"] == [
        number(own),
        "Keras 3 on jax",
        number(fastest),
        f"{own / fastest:.2f}",
        "0.5",
        "yes" if own / fastest <= 0.5 else "no",
    ]


def test_a_workload_has_a_row_for_every_library() -> None:
    found = rows(report.results(Store(RECORDED)), "tiny_mlp")
    entry = recorded("training")["data"]["tiny_mlp"]["torch"]
    assert list(found) == [
        "kcore 0.1.0",
        "PyTorch 2.13.0+cpu",
        "Keras 3 on torch 3.15.1",
        "Keras 3 on jax 3.15.1",
        "Keras 3 on tensorflow 3.15.1",
    ]
    assert found["PyTorch 2.13.0+cpu"] == [
        number(entry["median_ms"]),
        number(entry["min_ms"]),
        number(entry["first_step_ms"]),
        f"{entry['peak_kib'] / 1024:.0f}",
        f"{entry['kcore_ms'] / entry['median_ms']:.2f}",
    ]
    assert found["kcore 0.1.0"][-1] == ""


def test_a_missing_layer_is_said_and_the_peers_are_shown() -> None:
    page = report.results(Store(RECORDED))
    found = rows(page, "imdb_lstm")
    assert found["kcore 0.1.0"] == ["kcore has no Embedding yet", "", "", "", ""]
    assert found["PyTorch 2.13.0+cpu"][-1] == ""
    assert rows(page, "Summary")["imdb_lstm"][:2] == ["kcore has no Embedding yet", "PyTorch"]
    assert rows(page, "Summary")["resnet_bn"][-2:] == ["", ""]


def test_every_section_renders() -> None:
    page = report.results(Store(RECORDED))
    for section in SECTIONS.values():
        assert f"\n## {section.TITLE}\n" in page
    assert "\n\n\n" not in page
    assert "None" not in page and "nan" not in page


def test_a_failed_worker_is_a_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stored = recorded("training")
    failed = {"run": stored["about"]["started"], "error": "exit code 1: ValueError: a | b", "stderr": ["Traceback"]}
    stored["data"]["tiny_mlp"]["keras-jax"] = failed
    store.add("training", stored["about"], stored["data"], 2)
    page = report.results(store)
    assert "| Keras 3 on jax | failed: exit code 1: ValueError: a \\| b |  |  |  |  |" in page
    rest = {name: entry["median_ms"] for name, entry in stored["data"]["tiny_mlp"].items() if "median_ms" in entry}
    assert min(rest.values()) == rest.pop("kcore")
    assert rows(page, "Summary")["tiny_mlp"][2] == number(min(rest.values()))


@pytest.mark.parametrize("section", ["memory", "imports", "cold_start", "predict", "growth"])
def test_failures_everywhere_are_rendered(section: str, tmp_path: Path) -> None:
    stored = recorded(section)
    run = stored["about"]["started"]
    failed = {name: {"run": run, "version": "", "error": "ended after 1 s", "stderr": []} for name in stored["data"]}
    store = Store(tmp_path)
    store.add(section, stored["about"], failed, 1)
    assert "failed: ended after 1 s" in report.results(store)


def test_a_partial_run_keeps_the_rest_and_its_ratios(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = recorded("training")
    store.add("training", old["about"], old["data"], 2)
    about = {**old["about"], "started": "2030-01-01 00:00:00"}
    entries = old["data"]["tiny_mlp"]
    new = {
        "kcore": {**entries["kcore"], "run": about["started"], "median_ms": 10.0, "kcore_ms": 10.0},
        "torch": {**entries["torch"], "run": about["started"], "median_ms": 20.0, "kcore_ms": 10.0},
    }
    store.add("training", about, {"tiny_mlp": new}, 2)
    page = report.results(store)
    found = rows(page, "tiny_mlp")
    jax = entries["keras-jax"]
    assert found["PyTorch 2.13.0+cpu"][-1] == "0.50"
    assert found["Keras 3 on jax 3.15.1 †"][-1] == ratio(jax["kcore_ms"] / jax["median_ms"])
    assert rows(page, "imdb_lstm").keys() == {
        f"{name} †" for name in rows(report.results(Store(RECORDED)), "imdb_lstm")
    }


def test_merging_goes_as_deep_as_it_is_told() -> None:
    old = {"a": {"x": {"n": 1}, "y": {"n": 2}}, "b": {}}
    assert merged(old, {"a": {"x": {"m": 3}}}, 2) == {"a": {"x": {"m": 3}, "y": {"n": 2}}, "b": {}}
    assert merged(old, {"a": {"x": {"m": 3}}}, 1) == {"a": {"x": {"m": 3}}, "b": {}}
    assert merged(old, {"c": 1}, 0) == {"c": 1}
    assert merged(None, {"c": {"d": 1}}, 2) == {"c": {"d": 1}}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12346"), (None, "")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_small_ratios_keep_a_digit() -> None:
    assert [ratio(value) for value in (0.0023, 0.456, 1.0, None)] == ["0.002", "0.46", "1.00", ""]
