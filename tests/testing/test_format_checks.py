"""The checks of formats find what is wrong: a format for each, in a distribution that other processes find, too."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.registry import refresh
from kcore.testing.format_worker import in_new_process
from kcore.testing.formats import CHECKS, FormatCase, use
from kcore.testing.plain_models import MODELS, numbers, same_bits, with_other_weights
from kcore.testing.plain_training import plain_model

SOURCE = Path(__file__).with_name("some_formats.py")
CLASSES = re.findall(r"^class (\w+)", SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
CONFIG = {"weights": False, "optimizer": False}

WRONG: list[tuple[str, str, dict[str, bool], str]] = [
    ("KeepsInMemory", "whole", {}, "in a new process, ein Modell.* is no model: KeyError"),
    ("ForgetsWeights", "whole", {}, "the sequential model in a new process: .* are others"),
    ("HalfPrecision", "whole", {}, "the graph model in a new process: .* are others"),
    ("LosesTheSign", "whole", {}, "the sequential model in a new process: 1 bytes of 48 are others"),
    ("AnotherName", "whole", {}, "the sequential model has the config .*simple"),
    ("CompilesByItself", "whole", {}, "a model that was not compiled has now Descent"),
    ("LeavesATrace", "whole", {}, "after saving, the folder has .*log"),
    ("RoundsTheModel", "whole", {}, "the model after saving: .* are others"),
    ("Archive", "whole", {"architecture": False}, "save a whole model: nothing was refused"),
    ("ForgetsTheState", "training", {}, "steps in a new process: .* are others"),
    ("NeverCompiles", "training", {}, "the optimizer in a new process is None, not HeavyBall"),
    ("Archive", "training", {"optimizer": False}, "the optimizer in a new process is HeavyBall, not None"),
    ("AlwaysWithOptimizer", "training", {}, "with include_optimizer=False, the model is compiled"),
    ("AlwaysCompiles", "training", {}, "with compile=False, the model is compiled"),
    ("ForgetsWeights", "weights", {}, "weights of the sequential model: .* are others"),
    ("ByNameNothing", "weights", {}, "weights by name: .* are others"),
    ("TakesWhatFits", "weights", {}, "weights for another model: nothing was refused"),
    ("OneAfterTheOther", "weights", {}, "a model that the weights do not fit, afterwards: .* are others"),
    ("NamesNoFile", "weights", {}, "the error for weights that do not fit does not name the file"),
    ("WeightsByAccident", "weights", {}, r"weights for another model: RuntimeError \(They do not fit.\)"),
    ("Archive", "weights", CONFIG, "save weights: nothing was refused"),
    ("NamesAnotherFormat", "weights", CONFIG, "save weights: the error .* does not name the format"),
    ("NotImplementedYet", "weights", CONFIG, "save weights: NotImplementedError"),
    ("HoldsUnbuilt", "limits", {}, "a model that is not built is in a new process"),
    ("WeightsOfNothing", "limits", {"architecture": False}, "weights of a model without weights were saved"),
    ("MakesAFileFirst", "limits", {}, "after a refusal, the folder has"),
    ("OpensFirst", "atomic", {}, "after a layer's get_config failed, the file that was there is another"),
    ("LeavesTheRest", "atomic", {}, "after a layer's get_config failed, the folder has .*rest"),
    ("SavesWhatItCan", "atomic", {}, "the error of a layer's get_config did not reach the user"),
    ("WritesInPlace", "atomic", {}, "after saving where the disk is full, the file that was there is another"),
    ("LeavesItToTheSystem", "atomic", {}, "where the disk is full: OSError.* is no error of kcore"),
    ("LosesWhatDoesNotFit", "atomic", {}, "where the disk is full, no error is raised"),
    ("MakesFolders", "atomic", {}, "a folder that does not exist: nothing was refused"),
    ("WritesOnce", "atomic", {}, "a file that exists was not replaced"),
    ("LetsErrorsOut", "damaged", {}, "the first 0 bytes: EOFError.* is no error of kcore that names the file"),
    ("NamesNoFile", "damaged", {}, "the first 0 bytes: FileContentError.* that names the file"),
    ("EndsTheProcess", "damaged", {}, "after 1 files, the next one ended the process: signal 6"),
    ("ANewModelInstead", "damaged", {}, "the first 0 bytes: a model with another config"),
    ("FillsUpWithZeros", "damaged", {}, "the first 3?[0-9]+ bytes: .* are others|random bytes behind"),
    ("Pickled", "names", {}, "the file had a module imported"),
    ("AnyClassWillDo", "names", {}, "a class that nobody provides was found"),
    ("KnowsBetter", "names", {}, "makes a Better"),
    ("UnknownIsDamaged", "names", {}, "a class that nobody provides is a FileContentError"),
    ("SaysNoName", "names", {}, "the error for a class that nobody provides does not name it"),
]
RIGHT = [("Archive", {}), ("ConfigOnly", CONFIG), ("WeightsOnly", {"architecture": False, "optimizer": False})]


@pytest.fixture(autouse=True, scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    site = tmp_path_factory.mktemp("site")
    shutil.copy(SOURCE, site)
    metadata = site / "some_formats-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: some-formats\nVersion: 1.0\n")
    names = "\n".join(f"{name.lower()} = some_formats:{name}" for name in CLASSES)
    (metadata / "entry_points.txt").write_text(f"[kcore.formats]\n{names}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KCORE_CACHE_DIR", str(site / "cache"))
        patch.syspath_prepend(site)
        refresh()
        yield
    sys.modules.pop("some_formats", None)
    refresh()


def case_of(name: str, **more: bool) -> FormatCase:
    return FormatCase.from_row({"format": name.lower(), **more})


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("name", "more"), RIGHT)
def test_what_keeps_the_contract_passes(name: str, more: dict[str, bool], check: str) -> None:
    CHECKS[check](case_of(name, **more))


@pytest.mark.parametrize(("name", "check", "more", "text"), WRONG)
def test_each_check_finds_its_own(name: str, check: str, more: dict[str, bool], text: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){text}"):
        CHECKS[check](case_of(name, **more))


def test_every_check_has_a_format_that_it_finds() -> None:
    assert {check for _, check, *_ in WRONG} == set(CHECKS)
    assert {name for name, *_ in [*WRONG, *RIGHT]} == set(CLASSES)


@pytest.mark.parametrize(("name", "more"), RIGHT)
def test_representative_numbers(name: str, more: dict[str, bool]) -> None:
    model = plain_model() if name == "ConfigOnly" else with_other_weights(plain_model())
    same_bits(use(case_of(name, **more)), numbers(model), name)


def test_rows_of_tables() -> None:
    case = FormatCase.from_row({"format": "json", "label": "plain", "weights": False})
    assert str(case) == "json-plain" and not case.weights and case.architecture and case.optimizer
    assert str(FormatCase("h5")) == "h5"


def test_models_that_show_what_gets_lost() -> None:
    kinds = {name: {weight.dtype.name for weight in make().weights} for name, make in MODELS.items()}
    assert kinds == {"sequential": {"float32"}, "graph": {"float32", "float64"}}
    model = with_other_weights(plain_model())
    first = model.get_weights()[0].ravel()
    assert np.signbit(first[0]) and first[0] == 0 and 0 < first[1] < np.finfo("float32").tiny
    expected = np.tanh(np.tanh(np.zeros((1, 3)) @ model.get_weights()[0] + model.get_weights()[1]))
    np.testing.assert_allclose(model.layers[0](np.zeros((1, 3), "float32")), np.arctanh(expected), rtol=1e-6)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([np.zeros(2)], "some: 1 arrays, not 2"),
        ([np.zeros(2), np.zeros(2, "f4")], r"some: an array is float32\(2,\), it was float64\(2,\)"),
        ([np.zeros(2), np.array([0.0, -0.0])], "some: 1 bytes of 16 are others"),
    ],
)
def test_arrays_that_differ(found: Any, text: str) -> None:
    same_bits([np.zeros(2), np.full((), np.nan)], [np.zeros(2), np.full((), np.nan)], "some")
    with pytest.raises(AssertionError, match=text):
        same_bits(found, [np.zeros(2), np.zeros(2)], "some")


def test_a_process_that_cannot_do_its_task() -> None:
    with pytest.raises(AssertionError, match=r"(?s)after 0 files, the next one ended the process: .+TypeError"):
        in_new_process("load", nothing=1)
