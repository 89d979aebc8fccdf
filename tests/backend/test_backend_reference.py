"""Every function of ``kcore.backend`` beside recorded numbers: values and gradients, at once and in a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import backend as K
from kcore.engine import CompiledFunction
from kcore.testing.reference import Case, load_cases

CASES = load_cases(Path(__file__).resolve().parents[1] / "reference" / "data" / "backend.npz")
# Largest difference over the largest value.
TOLERANCE = {"float32": 2e-5, "float64": 1e-11}

STEPS: dict[str, Callable[..., Any]] = {
    "simple": lambda x, s: (K.tanh(x + s[0] * 0.5), [K.tanh(x + s[0] * 0.5)]),
    "two": lambda x, s: (x * s[0] + s[1], [K.sigmoid(s[1] + x), s[0] * 0.75 - x]),
    "none": lambda x, s: (K.square(x), []),
    "constants": lambda x, s: (x * s[1] + s[0], [x * s[1] + s[0]]),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "square": K.square,
    "sum": lambda x: K.sum(x, axis=0),
    "add": lambda a, x: a + x,
    "mix": lambda a, x: a * x + 0.5 * a,
}


def flat(parts: Any) -> Any:
    return K.concatenate([K.flatten(part) for part in parts], axis=0)


def rnn(x: Any, *more: Any, step: str, constants: int = 0, mask: Any = None, **config: Any) -> Any:
    states = list(more[: len(more) - constants])
    rest = list(more[len(more) - constants :]) or None
    last, outputs, ends = K.rnn(
        STEPS[step], x, states, constants=rest, mask=None if mask is None else np.array(mask, bool), **config
    )
    return flat([last, outputs, *ends])


def truths(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of bool, which is recorded as whole numbers."""
    return lambda x, **config: function(K.cast(x, "bool") if "int" in K.dtype(x) else x, **config)


# Functions that take more than arrays in order; the same in ``tests/reference/recorders/backend_cases/calls.py``.
ADAPTED: dict[str, Callable[..., Any]] = {
    "concatenate": lambda *x, **c: K.concatenate(list(x), **c),
    "stack": lambda *x, **c: K.stack(list(x), **c),
    "rnn": rnn,
    "switch": lambda c, a, b: K.switch(K.cast(c, "bool"), a, b),
    "mean": truths(K.mean),
    "var": truths(K.var),
    "any": truths(K.any),
    "all": truths(K.all),
    "map_fn": lambda x, fn: K.map_fn(FUNCTIONS[fn], x),
    "foldl": lambda x, *start, fn: K.foldl(FUNCTIONS[fn], x, *start),
    "foldr": lambda x, *start, fn: K.foldr(FUNCTIONS[fn], x, *start),
    "normalize_batch_in_training": lambda *x, **c: flat(K.normalize_batch_in_training(*x, **c)),
}


def call_of(case: Case) -> tuple[Callable[..., Any], list[Any]]:
    """The function with the case's settings, and its arrays."""
    function = ADAPTED.get(case.component) or getattr(K, case.component)
    count = sum(bool(re.fullmatch(r"x\d+", name)) for name in case.arrays)
    return lambda *x: function(*x, **case.config), [case.arrays[f"x{place}"] for place in range(count)]


def check(case: Case, name: str, found: Any) -> None:
    expected, array = case.arrays[name], np.asarray(found)
    assert array.shape == expected.shape, name
    if expected.dtype.kind == "f":
        assert array.dtype == expected.dtype, name
        scale = max(float(np.max(np.abs(expected), initial=0)), 1e-30)
        np.testing.assert_array_less(
            np.abs(array - expected), TOLERANCE[expected.dtype.name] * scale * np.ones_like(expected), name
        )
    else:
        assert array.dtype.kind in ("b" if expected.dtype == np.uint8 else "iu"), name
        np.testing.assert_array_equal(array, expected, name)


@pytest.fixture(autouse=True)
def floatx_of_the_case(request: pytest.FixtureRequest) -> Any:
    case = request.node.callspec.params.get("case") if hasattr(request.node, "callspec") else None
    kcore.set_floatx("float64" if case is not None and case.name.endswith("-float64") else "float32")
    yield
    kcore.set_floatx("float32")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients_are_those_of_keras(case: Case) -> None:
    call, arrays = call_of(case)
    check(case, "y", call(*arrays))
    check(case, "y", CompiledFunction(call)(*arrays))
    gradients = [name for name in case.arrays if name.startswith("dx")]
    if gradients:
        positions = [int(name[2:]) for name in gradients]
        found = kcore.grad(lambda *x: np.sum(call(*x) * case.arrays["g"]), positions)(*arrays)
        for name, gradient in zip(gradients, found, strict=True):
            check(case, name, gradient)


def test_there_are_enough_cases() -> None:
    assert len({case.name for case in CASES}) >= 300
    assert {case.source for case in CASES} == {"tf_keras", "keras3"}


def test_every_function_has_a_case_or_a_test_of_its_own() -> None:
    recorded = {case.component for case in CASES}
    text = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_backend_*.py"))
    tested = set(re.findall(r"^def test_(\w+)\(", text, re.M))
    missing = [
        name
        for name in K.__all__
        if name not in recorded and not any(test == name or test.startswith(f"{name}__") for test in tested)
    ]
    assert not missing
