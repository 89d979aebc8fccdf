"""Datasets put to the test: the cases that a dataset's author states, and the checks that every case must pass.

As ``kcore.testing.layers``. A dataset that reads files brings small ones with its case::

    from kcore.testing.datasets import CHECKS, DatasetCase

    case = DatasetCase("mnist", {"path": "{folder}"}, shape=(28, 28), classes=10, files={"t10k-labels...": b"..."})
    for name, check in CHECKS.items():
        check(case)
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kcore.engine.types import Array
from kcore.errors.base import KcoreError
from kcore.registry import registry
from kcore.testing.folders import content, files_of, filled, new_folder, write_files
from kcore.testing.watching import network_refused

NAMES = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class DatasetCase:
    """One way to load a dataset, on which all checks run.

    Attributes:
        dataset: its name in ``kcore.datasets``.
        config: arguments of the function; a text may contain ``{folder}``, a new folder that has the ``files``.
        label: what is particular about the case; cases of one dataset have different ones.
        shape: of one sample of x.
        target: the shape of one label; ``()`` for a number.
        classes: labels are whole numbers from 0 to below this; ``None`` where they are no classes.
        dtypes: of x and of y, if the dataset promises them.
        sizes: the number of samples to train and to test with, if the dataset promises them.
        files: what is in ``{folder}``: by name the bytes (``!!binary`` in YAML), or a text in base64.
        refused: arguments with a value each that the dataset does not take.
    """

    dataset: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    shape: Sequence[int] = ()
    target: Sequence[int] = ()
    classes: int | None = None
    dtypes: Sequence[str] = ()
    sizes: Sequence[int] = ()
    files: Mapping[str, bytes | str] = field(default_factory=dict)
    refused: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> DatasetCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{**row, **{key: tuple(row.get(key, ())) for key in ("shape", "target", "dtypes", "sizes")}})

    def __str__(self) -> str:
        return f"{self.dataset}-{self.label}" if self.label else self.dataset

    def function(self) -> Callable[..., Any]:
        """The dataset's function."""
        function: Callable[..., Any] = registry("datasets").load(self.dataset)
        return function

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new folder with the case's files."""
        with new_folder() as folder:
            write_files(folder, self.files)
            yield folder

    def load(self, folder: Path, **changes: Any) -> Any:
        """What the function returns; ``changes`` are further arguments."""
        return self.function()(**filled({**self.config, **changes}, folder))

    def arrays(self, folder: Path) -> list[Array]:
        """x and y to train with, x and y to test with.

        Raises:
            AssertionError: the function returns something else.
        """
        found = self.load(folder)
        pairs = isinstance(found, tuple | list) and len(found) == 2
        pairs = pairs and all(isinstance(part, tuple | list) and len(part) == 2 for part in found)
        assert pairs, f"the dataset is {_spelled(found)}, not ((x_train, y_train), (x_test, y_test))"
        arrays = [array for part in found for array in part]
        for name, array in zip(NAMES, arrays, strict=True):
            assert type(array) is np.ndarray, f"{name} is a {type(array).__name__}, not a NumPy array"
        return arrays


def _spelled(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_spelled, value))})"
    return type(value).__name__


def _equal(found: Sequence[Array], expected: Sequence[Array], what: str) -> None:
    for name, one, other in zip(NAMES, found, expected, strict=True):
        assert one.dtype == other.dtype, f"{name} has the dtype {one.dtype}, before it was {other.dtype}: {what}"
        np.testing.assert_array_equal(one, other, err_msg=f"{name}: {what}")


def _overwrite(array: Array) -> None:
    """Change every element."""
    array[...] = ~array if array.dtype.kind == "b" else array + array.dtype.type(1)


# --- the checks ------------------------------------------------------------------------------------------------------


def check_names(case: DatasetCase) -> None:
    """The function's own record leads back to it, and all its names to the same function."""
    home, function = registry("datasets"), case.function()
    for record in home.records_of(function):
        found = home.load(record.qualified)
        assert found is function, f"the name {record.qualified!r} is another function than {case.dataset!r}"
    written = home.serialize(function)
    assert home.deserialize(written) is function, f"the function is written as {written!r}, which is another one"


def check_arrays(case: DatasetCase) -> None:
    """Two pairs of NumPy arrays of equal lengths, whose samples have the shape, and whose dtypes are those stated."""
    with case.folder() as folder:
        arrays = case.arrays(folder)
    for part, (x, y) in {"train": arrays[:2], "test": arrays[2:]}.items():
        assert x.ndim and y.ndim and len(x) == len(y), f"to {part} with: x of shape {x.shape}, y of shape {y.shape}"
        assert len(x), f"there is no sample to {part} with"
        assert x.shape[1:] == tuple(case.shape), f"a sample has the shape {x.shape[1:]}, not {tuple(case.shape)}"
        assert y.shape[1:] == tuple(case.target), f"a label has the shape {y.shape[1:]}, not {tuple(case.target)}"
    sizes = (len(arrays[0]), len(arrays[2]))
    assert tuple(case.sizes) in ((), sizes), f"there are {sizes} samples, not {tuple(case.sizes)}"
    for place, name in enumerate(("x", "y")):
        first, second = arrays[place].dtype, arrays[place + 2].dtype
        assert first == second, f"{name} is {first} to train with, and {second} to test with"
        assert first.kind in "biuf" and first.isnative, f"{name} is {first.str}: no numbers in this machine's order"
        if case.dtypes:
            assert first == case.dtypes[place], f"{name} is {first}, not {case.dtypes[place]}"


def check_numbers(case: DatasetCase) -> None:
    """All numbers are finite, and labels of classes are whole numbers in their range."""
    with case.folder() as folder:
        arrays = case.arrays(folder)
    for name, array in zip(NAMES, arrays, strict=True):
        assert np.isfinite(array).all(), f"{name} has numbers that are not finite"
        if case.classes is not None and name.startswith("y"):
            assert array.dtype.kind in "iu", f"{name} has class numbers in {array.dtype}"
            low, high = array.min(initial=0), array.max(initial=0)
            assert low >= 0 and high < case.classes, (
                f"{name} has labels from {low} to {high}, of {case.classes} classes"
            )


def check_repeated(case: DatasetCase) -> None:
    """A second call gives the same numbers in other memory: who changes the arrays of one changes no others."""
    with case.folder() as folder:
        first = case.arrays(folder)
        kept = [array.copy() for array in first]
        second = case.arrays(folder)
        _equal(second, kept, "of a second call")
        for array in second:
            _overwrite(array)
        _equal(first, kept, "after the arrays of a second call were changed")
        _equal(case.arrays(folder), kept, "of a call after arrays were changed")


def check_memory(case: DatasetCase) -> None:
    """The four arrays can be written to, and none shares memory with another."""
    with case.folder() as folder:
        arrays = case.arrays(folder)
    for name, array in zip(NAMES, arrays, strict=True):
        assert array.flags.writeable, f"{name} cannot be written to"
    for place, changed in enumerate(NAMES):
        kept = [array.copy() for array in arrays]
        _overwrite(arrays[place])
        for name, array, before in zip(NAMES, arrays, kept, strict=True):
            if name != changed:
                np.testing.assert_array_equal(array, before, err_msg=f"{name} changed with {changed}")


def check_offline(case: DatasetCase) -> None:
    """Nothing is asked of a network, not even in vain."""
    with case.folder() as folder, network_refused() as attempts:
        try:
            case.load(folder)
        finally:
            assert not attempts, f"while it was loaded, it tried {', '.join(attempts)}"


def check_files(case: DatasetCase) -> None:
    """Files are read and left alone; one that is missing, or cut off, is an error of kcore that names it."""
    with case.folder() as folder:
        before = files_of(folder)
        case.load(folder)
        after = files_of(folder)
        changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        assert not changed, f"loading has changed {', '.join(changed)}"
    for name, data in case.files.items():
        whole = content(data)
        for state, rest in (("missing", None), ("cut in half", whole[: len(whole) // 2])):
            with case.folder() as folder:
                path = folder / name
                path.unlink() if rest is None else path.write_bytes(rest)
                text = _refusal(f"{name} is {state}", case.load, folder)
                # A file that may be compressed or not is missing under both names.
                named = Path(name).name if rest is not None else Path(name).stem
                assert named in text, f"{name} is {state}, and the error {text!r} does not name it"


def check_arguments(case: DatasetCase) -> None:
    """Values that the case states as wrong are refused by errors that name the argument; so are unknown arguments."""
    with case.folder() as folder:
        for argument, value in case.refused.items():
            text = _refusal(f"{argument}={value!r}", case.load, folder, **{argument: value})
            assert argument in text, f"the error for {argument}={value!r} does not name the argument: {text!r}"
        try:
            case.load(folder, no_such_argument=1)
        except (TypeError, KcoreError):
            return
    raise AssertionError("an argument that does not exist was accepted")


def _refusal(what: str, load: Callable[..., Any], *arguments: Any, **more: Any) -> str:
    """The text of the KcoreError that loading ends in."""
    try:
        load(*arguments, **more)
    except KcoreError as error:
        return str(error)
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__} ({error}) is no error of kcore") from error
    raise AssertionError(f"{what}: nothing was refused")


def check_documented(case: DatasetCase) -> None:
    """The docstring names every argument, and says what is returned."""
    function = case.function()
    text = inspect.getdoc(function) or ""
    assert text.strip(), f"{case.dataset} has no docstring"
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for name, parameter in inspect.signature(function).parameters.items():
        named = parameter.kind in kinds or re.search(rf"\b{name}\b", text)
        assert named, f"the docstring of {case.dataset} does not say what {name} is"
    assert re.search(r"\b[Rr]eturns?\b", text), f"the docstring of {case.dataset} does not say what it returns"


CHECKS: dict[str, Callable[[DatasetCase], None]] = {
    "names": check_names,
    "arrays": check_arrays,
    "numbers": check_numbers,
    "repeated": check_repeated,
    "memory": check_memory,
    "offline": check_offline,
    "files": check_files,
    "arguments": check_arguments,
    "documented": check_documented,
}


def use(case: DatasetCase) -> list[Array]:
    """The four arrays: what is the same wherever and whenever the dataset is loaded."""
    with case.folder() as folder:
        return case.arrays(folder)
