"""The checks of datasets find what is wrong: a dataset for each."""

from __future__ import annotations

import base64
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.errors import DatasetFormatError, DatasetUnavailableError, InvalidArgumentError
from kcore.registry import registry
from kcore.testing.datasets import CHECKS, NAMES, DatasetCase, use
from kcore.testing.folders import content, filled, marked, new_folder
from kcore.testing.watching import network_refused

SIZES = (6, 3)


def made(scale: float = 1.0) -> Any:
    return tuple(
        ((np.arange(2.0 * n).reshape(n, 2) * scale).astype("float32"), np.arange(n) % 3) for n in SIZES
    )  # fmt: skip


def right(scale: float = 1.0) -> Any:
    """Keeps the contract.

    Args:
        scale: of x.

    Returns:
        x (samples, 2) and y (samples,), to train with and to test with.
    """
    if scale <= 0:
        raise InvalidArgumentError(component="right", argument="scale", value=scale, allowed="above 0")
    return made(scale)


def from_file(path: str) -> Any:
    """Keeps the contract: the numbers of a file, by the path of its folder.

    Returns:
        x and y.
    """
    file = Path(path) / "numbers.bin"
    if not file.is_file():
        raise DatasetUnavailableError(dataset="from_file", looked=[str(file)], advice="Make it.")
    if len(file.read_bytes()) != 24:
        raise DatasetFormatError(path=file, expected="24 bytes", found="others")
    return made()


# --- wrong ones ------------------------------------------------------------------------------------------------------


def a_flat_tuple() -> Any:
    (x_train, y_train), (x_test, y_test) = made()
    return x_train, y_train, x_test, y_test


def lists() -> Any:
    (x_train, y_train), test = made()
    return (x_train, y_train.tolist()), test


class Special(np.ndarray):
    pass


def of_a_class_of_its_own() -> Any:
    train, (x_test, y_test) = made()
    return train, (x_test.view(Special), y_test)


def a_label_too_few() -> Any:
    (x_train, y_train), test = made()
    return (x_train, y_train[1:]), test


def nothing_to_test_with() -> Any:
    train, (x_test, y_test) = made()
    return train, (x_test[:0], y_test[:0])


def another_shape() -> Any:
    return tuple((x[..., np.newaxis], y) for x, y in made())


def labels_with_an_axis() -> Any:
    return tuple((x, y[:, np.newaxis]) for x, y in made())


def other_sizes() -> Any:
    return tuple((x[1:], y[1:]) for x, y in made())


def double() -> Any:
    return tuple((x.astype("float64"), y) for x, y in made())


def two_dtypes() -> Any:
    train, (x_test, y_test) = made()
    return train, (x_test.astype("float64"), y_test)


def texts() -> Any:
    return tuple((x, y.astype("U1")) for x, y in made())


def swapped_bytes() -> Any:
    return tuple((x.astype(x.dtype.newbyteorder()), y) for x, y in made())


def not_a_number() -> Any:
    train, (x_test, y_test) = made()
    x_test[1, 1] = np.nan
    return train, (x_test, y_test)


def floating_labels() -> Any:
    return tuple((x, y.astype("float32")) for x, y in made())


def a_fourth_class() -> Any:
    train, (x_test, y_test) = made()
    return train, (x_test, y_test + 1)


def below_zero() -> Any:
    (x_train, y_train), test = made()
    return (x_train, y_train - 1), test


KEPT = made()


def always_the_same_memory() -> Any:
    return KEPT


def x_from_memory() -> Any:
    return tuple((kept, y) for (kept, _), (_, y) in zip(CACHE, made(), strict=True))


CACHE = made()


def random_order() -> Any:
    (x_train, y_train), test = made()
    order = np.random.default_rng().permutation(len(x_train))
    return (x_train[order] + np.random.default_rng().random(), y_train[order]), test


def read_only() -> Any:
    train, test = made()
    test[0].flags.writeable = False
    return train, test


def one_block() -> Any:
    """The test part is the end of the training part."""
    (x_train, y_train), _ = made()
    return (x_train, y_train), (x_train[3:], y_train[3:].copy())


def asks_the_network() -> Any:
    with socket.socket() as one:
        one.connect(("192.0.2.1", 80))


def asks_in_secret() -> Any:
    with contextlib.suppress(OSError):
        socket.getaddrinfo("data.invalid", 80)
    return made()


def leaves_a_file(path: str) -> Any:
    (Path(path) / "index").write_text("new")
    return from_file(path)


def a_bare_error(path: str) -> Any:
    (Path(path) / "numbers.bin").read_bytes()
    return made()


def reads_half_a_file(path: str) -> Any:
    if not (Path(path) / "numbers.bin").is_file():
        return from_file(path)
    return made()


def an_error_without_the_name(path: str) -> Any:
    if not (Path(path) / "numbers.bin").is_file():
        raise DatasetUnavailableError(dataset="it", looked=[path], advice="Look elsewhere.")
    return from_file(path)


def takes_anything(scale: float = 1.0) -> Any:
    return made(scale)


def a_value_error(scale: float = 1.0) -> Any:
    if scale <= 0:
        raise ValueError("scale")
    return made(scale)


def names_no_argument(scale: float = 1.0) -> Any:
    if scale <= 0:
        raise InvalidArgumentError(component="it", argument="size", value=1, allowed="more")
    return made(scale)


def takes_unknown_ones(scale: float = 1.0, **rest: Any) -> Any:
    return right(scale)


def without_a_word() -> Any:
    return made()


def without_its_argument(scale: float = 1.0) -> Any:
    """Returns what it is asked for."""
    return made(scale)


def without_its_result(scale: float = 1.0) -> Any:
    """Numbers, scale times as large."""
    return made(scale)


BYTES = base64.b64encode(bytes(range(24))).decode()
WITH_FILE: dict[str, Any] = {"config": {"path": "{folder}/data"}, "files": {"data/numbers.bin": BYTES}}
WITH_SCALE: dict[str, Any] = {"refused": {"scale": -1.0}}
WRONG: list[tuple[Callable[..., Any], str, dict[str, Any], str]] = [
    (a_flat_tuple, "arrays", {}, r"is \(ndarray, ndarray, ndarray, ndarray\), not \(\(x_train"),
    (lists, "arrays", {}, "y_train is a list, not a NumPy array"),
    (of_a_class_of_its_own, "arrays", {}, "x_test is a Special"),
    (a_label_too_few, "arrays", {}, r"to train with: x of shape \(6, 2\), y of shape \(5,\)"),
    (nothing_to_test_with, "arrays", {}, "there is no sample to test with"),
    (another_shape, "arrays", {}, r"a sample has the shape \(2, 1\), not \(2,\)"),
    (labels_with_an_axis, "arrays", {}, r"a label has the shape \(1,\), not \(\)"),
    (other_sizes, "arrays", {}, r"there are \(5, 2\) samples, not \(6, 3\)"),
    (double, "arrays", {}, "x is float64, not float32"),
    (two_dtypes, "arrays", {}, "x is float32 to train with, and float64 to test with"),
    (texts, "arrays", {}, "y is <U1: no numbers"),
    (swapped_bytes, "arrays", {}, "x is .f4: no numbers in this machine's order"),
    (not_a_number, "numbers", {}, "x_test has numbers that are not finite"),
    (floating_labels, "numbers", {}, "y_train has class numbers in float32"),
    (a_fourth_class, "numbers", {}, "y_test has labels from 0 to 3, of 3 classes"),
    (below_zero, "numbers", {}, "y_train has labels from -1 to 1"),
    (always_the_same_memory, "repeated", {}, "x_train: after the arrays of a second call were changed"),
    (x_from_memory, "repeated", {}, "x_train: after the arrays of a second call were changed"),
    (random_order, "repeated", {}, "x_train: of a second call"),
    (read_only, "memory", {}, "x_test cannot be written to"),
    (one_block, "memory", {}, "x_test changed with x_train"),
    (asks_the_network, "offline", {}, r"it tried socket\.connect.*192\.0\.2\.1"),
    (asks_in_secret, "offline", {}, r"it tried socket\.getaddrinfo.*data\.invalid"),
    (leaves_a_file, "files", WITH_FILE, "loading has changed data/index"),
    (a_bare_error, "files", WITH_FILE, "numbers.bin is missing: FileNotFoundError .* is no error of kcore"),
    (reads_half_a_file, "files", WITH_FILE, "numbers.bin is cut in half: nothing was refused"),
    (an_error_without_the_name, "files", WITH_FILE, "numbers.bin is missing, and the error .* does not name it"),
    (takes_anything, "arguments", WITH_SCALE, "scale=-1.0: nothing was refused"),
    (a_value_error, "arguments", WITH_SCALE, "scale=-1.0: ValueError"),
    (names_no_argument, "arguments", WITH_SCALE, "the error for scale=-1.0 does not name the argument"),
    (takes_unknown_ones, "arguments", WITH_SCALE, "an argument that does not exist was accepted"),
    (without_a_word, "documented", {}, "without_a_word has no docstring"),
    (without_its_argument, "documented", {}, "does not say what scale is"),
    (without_its_result, "documented", {}, "does not say what it returns"),
]


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    functions = [right, from_file, *{function for function, *_ in WRONG}]
    for function in functions:
        registry("datasets").register(function)
    yield
    for function in functions:
        registry("datasets").unregister(function.__name__)


def case_of(function: Callable[..., Any], **more: Any) -> DatasetCase:
    row = {"shape": [2], "classes": 3, "dtypes": ["float32", "int64"], "sizes": list(SIZES), **more}
    return DatasetCase.from_row({"dataset": function.__name__, **row})


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("function", "more"), [(right, WITH_SCALE), (from_file, WITH_FILE)])
def test_what_keeps_the_contract_passes(function: Any, more: dict[str, Any], check: str) -> None:
    CHECKS[check](case_of(function, **more))


@pytest.mark.parametrize(("function", "check", "more", "text"), WRONG)
def test_each_check_finds_its_own(function: Any, check: str, more: dict[str, Any], text: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){text}"):
        CHECKS[check](case_of(function, **more))


def test_every_check_has_a_dataset_that_it_finds() -> None:
    # The names are broken in a test of their own.
    assert {check for _, check, *_ in WRONG} | {"names"} == set(CHECKS)


def test_a_name_that_is_another_function() -> None:
    """A record that says where the function is, but leads to another one: as after a plugin was replaced."""
    registry("datasets").register(right, name="other")
    registry("datasets")._objects["local", "other"] = made
    try:
        with pytest.raises(AssertionError, match="the name 'local>other' is another function than 'right'"):
            CHECKS["names"](case_of(right))
    finally:
        registry("datasets").unregister("other")


def test_representative_numbers() -> None:
    for found, expected in zip(use(case_of(right)), [array for part in made() for array in part], strict=True):
        np.testing.assert_array_equal(found, expected)
    assert len(NAMES) == 4


def test_rows_of_tables() -> None:
    case = DatasetCase.from_row({"dataset": "right", "label": "some", "shape": [3, 2]})
    assert str(case) == "right-some" and case.shape == (3, 2) and case.target == case.sizes == ()
    assert case.classes is None and str(DatasetCase("right")) == "right"


def test_folders_and_files_of_cases() -> None:
    with new_folder() as folder:
        given = {"a": ["{folder}/x", 1], "b": ("{folder}",), "c": None}
        assert filled(given, folder) == {"a": [f"{folder}/x", 1], "b": [str(folder)], "c": None}
        assert marked(filled(given, folder), folder) == {"a": ["{folder}/x", 1], "b": ["{folder}"], "c": None}
    assert not folder.exists()
    assert content(b"abc") == content("YW\nJj\n") == b"abc"
    with pytest.raises(AssertionError, match="the content of a file is no base64"):
        content("a")


def test_a_network_that_is_refused_comes_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with network_refused() as attempts, pytest.raises(OSError, match="there is no network here"):
            socket.create_connection(address)
        assert attempts
        socket.create_connection(address).close()
