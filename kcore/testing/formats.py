"""File formats put to the test: the cases that a format's author states, and the checks that every case must pass.

As ``kcore.testing.layers``. Files are read in new processes, which know of a model what its file says::

    from kcore.testing.formats import CHECKS, FormatCase

    for name, check in CHECKS.items():
        check(FormatCase("h5"))
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kcore.engine.types import Array
from kcore.errors.base import KcoreError
from kcore.errors.registry import UnknownComponentError
from kcore.errors.saving import MissingComponentsError, UnsupportedByFormatError
from kcore.models import Model, Sequential, load_model
from kcore.registry import custom_object_scope
from kcore.testing.folders import files_of, new_folder
from kcore.testing.format_worker import arrays_of, in_new_process
from kcore.testing.plain_models import MODELS, numbers, same_bits, with_other_weights
from kcore.testing.plain_training import OBJECTS, HeavyBall, PlainLayer, plain_data, plain_model

STEPS = 3


@dataclass(frozen=True)
class FormatCase:
    """One format, on which all checks run.

    Attributes:
        format: the suffix of its files without the dot, its name in the family ``formats``.
        label: what is particular about the case; cases of one format have different ones.
        architecture: whether it can hold a whole model.
        weights: whether it can hold weights, in whole models and alone.
        optimizer: whether a whole model's optimizer, with its state, and losses and metrics are in the file, too.
    """

    format: str
    label: str = ""
    architecture: bool = True
    weights: bool = True
    optimizer: bool = True

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> FormatCase:
        """A case from a row of a table in JSON or YAML."""
        return cls(**row)

    def __str__(self) -> str:
        return f"{self.format}-{self.label}" if self.label else self.format

    def path(self, folder: Path, name: str = "ein Modell für später") -> Path:
        """A file of the format."""
        return folder / f"{name}.{self.format}"

    def write(self, model: Model, path: Path, *, weights: bool = False, **arguments: Any) -> None:
        """Write the model, or its weights alone."""
        with custom_object_scope(OBJECTS):
            if weights:
                model.save_weights(path)
            else:
                model.save(path, **arguments)

    def parts(self) -> list[bool]:
        """What the format holds, as the argument ``weights`` of ``write``: whole models, weights, or both."""
        return [False] * self.architecture + [True] * self.weights


def _only(folder: Path, path: Path, content: bytes | None, what: str) -> None:
    """The folder has just this file, with this content if it is known; none for an empty one."""
    found = files_of(folder)
    expected = [] if content == b"" else [path.name]
    assert list(found) == expected, f"{what}, the folder has {', '.join(sorted(found)) or 'no file'}"
    assert not content or found[path.name] == content, f"{what}, the file that was there is another"


def _loaded(files: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[Array]]]:
    """What a new process finds in files.

    Raises:
        AssertionError: an error.
    """
    with new_folder() as results:
        for number, found in enumerate(in_new_process("load", files=files, results=str(results))):
            name = Path(files[number]["path"]).name
            assert "error" not in found, f"in a new process, {name} is no model: {found.get('error')}"
            yield found, arrays_of(results, number)


# --- the checks ------------------------------------------------------------------------------------------------------


def check_whole(case: FormatCase) -> None:
    """In a new process, a whole model has the same config, and to the bit the same weights and predictions."""
    with new_folder() as folder:
        if not case.architecture:
            path = case.path(folder)
            _unsupported(case, "save a whole model", case.write, plain_model(), path)
            _only(folder, path, b"", "after a refusal")
            return
        models = {kind: with_other_weights(make()) for kind, make in MODELS.items()}
        files, expected = [], []
        for kind, model in models.items():
            path = case.path(folder / kind)
            path.parent.mkdir()
            before = model.to_json(), numbers(model)
            case.write(model, path)
            _only(path.parent, path, None, "after saving")
            assert model.to_json() == before[0], "saving has changed the model"
            same_bits(numbers(model), before[1], "the model after saving")
            files.append({"path": str(path)})
            expected.append((kind, json.loads(before[0]), before[1]))
        for (found, arrays), (kind, config, before_saving) in zip(_loaded(files), expected, strict=True):
            assert found["config"] == config, f"the {kind} model has the config {found['config']}"
            assert found["optimizer"] is None, f"a model that was not compiled has now {found['optimizer']}"
            if case.weights:
                same_bits(arrays, before_saving, f"the {kind} model in a new process")


def check_training(case: FormatCase) -> None:
    """A model that was trained goes on in a new process, to the bit, where the format holds the optimizer."""
    if not case.architecture:
        return
    model = plain_model(HeavyBall(0.1, clipnorm=5.0))
    for _ in range(STEPS):
        model.train_on_batch(*plain_data())
    with new_folder() as folder:
        path, bare = str(case.path(folder)), str(case.path(folder, "bare"))
        case.write(model, Path(path))
        case.write(model, Path(bare), include_optimizer=False)
        expected = numbers(model)
        losses = [model.train_on_batch(*plain_data(), return_dict=True)["loss"] for _ in range(STEPS)]
        expected += [np.array(losses), *model.get_weights()]
        files: list[dict[str, Any]] = [{"path": path, "steps": STEPS}, {"path": bare}, {"path": path, "compile": False}]
        (found, arrays), *others = _loaded(files)
    kept = "HeavyBall" if case.optimizer else None
    assert found["optimizer"] == kept, f"the optimizer in a new process is {found['optimizer']}, not {kept}"
    if case.optimizer:
        same_bits(arrays, expected, "steps in a new process")
    for (found, _), why in zip(others, ("include_optimizer=False", "compile=False"), strict=True):
        assert found["optimizer"] is None, f"with {why}, the model is compiled with {found['optimizer']}"


def check_weights(case: FormatCase) -> None:
    """Weights alone get into another model to the bit, by position and by name; into none that they do not fit."""
    with new_folder() as folder:
        if not case.weights:
            path = case.path(folder)
            _unsupported(case, "save weights", case.write, plain_model(), path, weights=True)
            _only(folder, path, b"", "after a refusal")
            path.write_bytes(b"something")
            _unsupported(case, "load weights", plain_model().load_weights, path)
            return
        files, expected = [], []
        for kind, make in MODELS.items():
            model, path = with_other_weights(make()), case.path(folder / kind)
            path.parent.mkdir()
            case.write(model, path, weights=True)
            _only(path.parent, path, None, "after saving weights")
            files.append({"path": str(path), "into": kind})
            expected.append(numbers(model))
        for (_, arrays), file, own in zip(_loaded(files), files, expected, strict=True):
            same_bits(arrays, own, f"weights of the {file['into']} model")
        for file, own in zip(files, expected, strict=True):
            _check_by_name(Path(file["path"]), MODELS[file["into"]](), own)
            _check_misfit(Path(file["path"]))


def _check_by_name(path: Path, model: Model, expected: Sequence[Array]) -> None:
    """The same weights by the names of layers, if the format has them."""
    try:
        model.load_weights(path, by_name=True)
    except UnsupportedByFormatError:
        return
    same_bits(numbers(model), expected, "weights by name")


def _check_misfit(path: Path) -> None:
    """A model that the weights do not fit."""
    model = Sequential([PlainLayer(5, name="first", input_shape=(3,)), PlainLayer(2, name="second")])
    before = model.get_weights()
    text = _refused("weights for another model", model.load_weights, path)
    assert path.name in text, f"the error for weights that do not fit does not name the file: {text}"
    same_bits(model.get_weights(), before, "a model that the weights do not fit, afterwards")


def check_limits(case: FormatCase) -> None:
    """A model that is not built yet comes back as it is, or is refused as what the format cannot hold."""
    for weights in case.parts():
        model = Sequential([PlainLayer(2, name="only")], name="unbuilt")
        with new_folder() as folder:
            path = case.path(folder)
            try:
                case.write(model, path, weights=weights)
            except UnsupportedByFormatError:
                _only(folder, path, b"", "after a refusal")
                continue
            assert not weights, "weights of a model without weights were saved"
            (found,) = in_new_process("load", files=[{"path": str(path)}])
            config = json.loads(model.to_json())
            assert found.get("config") == config, f"a model that is not built is in a new process {found}"


class _FailingError(Exception):
    """What a layer's author did not think of."""


class _Fails(PlainLayer):
    def get_config(self) -> dict[str, Any]:
        raise _FailingError


def check_atomic(case: FormatCase) -> None:
    """A file is replaced as a whole or not at all, and nothing is left beside it, whatever goes wrong."""
    for weights in case.parts():
        with new_folder() as folder:
            path = case.path(folder)
            case.write(with_other_weights(plain_model(), 1), path, weights=weights)
            old = path.read_bytes()
            if not weights:
                try:
                    case.write(Sequential([_Fails(2, input_shape=(3,))]), path)
                except (_FailingError, KcoreError):
                    _only(folder, path, old, "after a layer's get_config failed")
                else:
                    raise AssertionError("the error of a layer's get_config did not reach the user")
            case.write(with_other_weights(MODELS["graph"](), 2), path, weights=weights)
            _only(folder, path, None, "after saving again")
            assert path.read_bytes() != old, "a file that exists was not replaced"
            old = path.read_bytes()
            if find_spec("resource") is not None:
                _check_full_disk(case, folder, path, weights)
            nowhere = case.path(folder / "missing")
            text = _refused("a folder that does not exist", case.write, plain_model(), nowhere, weights=weights)
            assert str(nowhere) in text, f"the error for a folder that does not exist does not name the file: {text}"
            _only(folder, path, old, "after saving into a folder that does not exist")


def _check_full_disk(case: FormatCase, folder: Path, path: Path, weights: bool) -> None:
    """Where the system allows no file as large as this one would be."""
    old = path.read_bytes()
    (found,) = in_new_process("save", path=str(path), kind="sequential", weights=weights)
    assert "error" in found, "where the disk is full, no error is raised"
    named = found["kcore"] and path.name in found["error"]
    assert named, f"where the disk is full: {found['error']} is no error of kcore that names the file"
    _only(folder, path, old, "after saving where the disk is full")


def check_damaged(case: FormatCase) -> None:
    """A file that is cut off, or holds anything else, is an error of kcore that names it, and no end of the process."""
    rng = np.random.default_rng(3)
    for weights in case.parts():
        with new_folder() as folder, new_folder() as results:
            whole = case.path(folder, "whole")
            case.write(with_other_weights(plain_model()), whole, weights=weights)
            data = whole.read_bytes()
            size = len(data)
            bad = {f"the first {end} bytes": data[:end] for end in (0, 1, 7, size // 4, size // 2, size - 1)}
            bad |= {f"{count} random bytes": rng.bytes(count) for count in (1, 64, 5000)}
            bad |= {"a text": b"no model", "an empty object": b"{}", "zeros": bytes(size)}
            # What begins well, and is something else from there on.
            bad["random bytes behind the first 100"] = data[:100] + rng.bytes(size)
            if weights and case.architecture:
                bad["weights, read as a model"] = data
            paths = [case.path(folder, f"damaged {number}") for number in range(len(bad))]
            for path, content in zip(paths, bad.values(), strict=True):
                path.write_bytes(content)
            files = [{"path": str(path), **({"into": "sequential"} if weights else {})} for path in [whole, *paths]]
            if weights and case.architecture:
                del files[-1]["into"]
            read = in_new_process("load", files=files, results=str(results))
            for number, (path, what, found) in enumerate(zip(paths, bad, read[1:], strict=True), 1):
                if "error" not in found:
                    # The end of a file may say nothing, such as the end of a line.
                    assert what.startswith("the first"), f"{what}: nothing was noticed"
                    assert found == read[0], f"{what}: a model with another config"
                    same_bits(arrays_of(results, number), arrays_of(results, 0), what)
                else:
                    good = found["kcore"] and path.name in found["error"]
                    assert good, f"{what}: {found['error']} is no error of kcore that names the file"


TRAP = "kcore_testing_trap"
TRAP_SOURCE = "from kcore.testing.plain_training import PlainLayer\n\n\nclass Trap(PlainLayer): ...\n"


def check_names(case: FormatCase) -> None:
    """Classes in a file are names: the reader says what they mean, and nothing is imported on the file's behalf."""
    if not case.architecture:
        return
    with new_folder() as folder:
        (folder / f"{TRAP}.py").write_text(TRAP_SOURCE)
        path = case.path(folder)
        sys.path.insert(0, str(folder))
        try:
            importlib.invalidate_caches()
            trap = importlib.import_module(TRAP).Trap
            model = Sequential([trap(2, name="trap", input_shape=(3,))])
            with custom_object_scope({"Trap": trap}):
                model.save(path)
            del sys.modules[TRAP]
            try:
                load_model(path)
            except (MissingComponentsError, UnknownComponentError) as error:
                text = str(error)
            except KcoreError as error:
                raise AssertionError(f"a class that nobody provides is a {type(error).__name__}: {error}") from error
            else:
                raise AssertionError("a class that nobody provides was found")
            finally:
                assert TRAP not in sys.modules, "the file had a module imported"
            assert "'Trap'" in text, f"the error for a class that nobody provides does not name it: {text}"
            kind = type(load_model(path, {"Trap": PlainLayer}).layers[-1])
            assert kind is PlainLayer, f"the name that custom objects give to PlainLayer makes a {kind.__name__}"
        finally:
            sys.path.remove(str(folder))
            sys.modules.pop(TRAP, None)


def _refused(what: str, call: Callable[..., Any], *arguments: Any, **more: Any) -> str:
    """The text of the KcoreError that a call ends in."""
    try:
        call(*arguments, **more)
    except KcoreError as error:
        return str(error)
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__} ({error}) is no error of kcore") from error
    raise AssertionError(f"{what}: nothing was refused")


def _unsupported(case: FormatCase, what: str, call: Callable[..., Any], *arguments: Any, **more: Any) -> None:
    """The call must end in an UnsupportedByFormatError that names the format."""
    try:
        call(*arguments, **more)
    except UnsupportedByFormatError as error:
        text = str(error)
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__} ({error}), no UnsupportedByFormatError") from error
    else:
        raise AssertionError(f"{what}: nothing was refused")
    assert f"{case.format!r}" in text, f"{what}: the error {text!r} does not name the format"


CHECKS: dict[str, Callable[[FormatCase], None]] = {
    "whole": check_whole,
    "training": check_training,
    "weights": check_weights,
    "limits": check_limits,
    "atomic": check_atomic,
    "damaged": check_damaged,
    "names": check_names,
}


def use(case: FormatCase) -> list[Array]:
    """Weights and predictions of a model that was written and read; where the format has no weights, of new ones."""
    model = with_other_weights(plain_model())
    with new_folder() as folder:
        path = case.path(folder)
        case.write(model, path, weights=not case.architecture)
        if case.architecture:
            again = load_model(path, OBJECTS)
        else:
            again = plain_model()
            again.load_weights(path)
    return numbers(again)
