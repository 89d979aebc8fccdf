"""A primitive that is defined outside the engine, with what ``kcore.extend`` has: it is traced, cut, differentiated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from kcore import set_threads
from kcore.engine import CompiledFunction
from kcore.errors import NotDifferentiableError, OperandError
from kcore.extend import backends, formats, primitives
from kcore.extend.primitives import ArrayType, Primitive, Thunk, apply, by_element, by_sample, is_float
from kcore.testing import check_gradients


def infer(x: ArrayType, *, power: int) -> tuple[ArrayType, ...]:
    if not is_float(x.dtype):
        raise OperandError(operation="power", shapes=[x.shape], reason="it is for floats")
    return (x,)


def bind(inputs: Sequence[Any], outputs: Sequence[Any], scratch: Sequence[Any], *, power: int) -> Thunk:
    (x,), (y,) = inputs, outputs
    pieces.append(x.shape)
    return lambda: np.power(x, power, y)


def vjp(cotangents: Any, inputs: Any, outputs: Any, *, power: int) -> list[Any]:
    return [cotangents[0] * power * inputs[0] ** (power - 1)]


pieces: list[tuple[int, ...]] = []
cut_p = Primitive("power", infer, bind, vjp=vjp, inplace=(0,), cuts=by_element)
sampled_p = Primitive("power", infer, bind, vjp=vjp, cuts=by_sample(True))
whole_p = Primitive("power", infer, bind, vjp=vjp)


@pytest.fixture
def two_threads() -> Iterator[None]:
    set_threads(2)
    pieces.clear()
    yield
    set_threads(None)


@pytest.mark.parametrize("primitive", [cut_p, sampled_p, whole_p], ids=["element", "sample", "whole"])
def test_it_computes_and_has_derivatives_of_any_order(primitive: Primitive) -> None:
    x = np.array([[0.5, -1.5], [2.0, 3.0]])
    np.testing.assert_allclose(apply(primitive, x, power=3), x**3)
    np.testing.assert_allclose(CompiledFunction(lambda x: apply(primitive, x, power=3) + 1)(x), x**3 + 1)
    check_gradients(lambda x: apply(primitive, x, power=3), [x], order=2)


@pytest.mark.parametrize(("primitive", "cut"), [(cut_p, True), (sampled_p, True), (whole_p, False)])
def test_work_is_cut_as_the_primitive_says(two_threads: None, primitive: Primitive, cut: bool) -> None:
    x = np.linspace(-1, 1, 1 << 20).reshape(1024, 1024)
    found = CompiledFunction(lambda x: apply(primitive, x, power=3))(x)
    np.testing.assert_allclose(found, x**3, rtol=1e-12)
    assert (len(pieces) > 1) == cut
    if not cut:
        assert pieces == [x.shape]


def test_a_wrong_operand_is_refused_when_it_is_traced_and_when_it_is_computed() -> None:
    integers = np.arange(3)
    for call in (
        lambda: apply(cut_p, integers, power=2),
        lambda: CompiledFunction(lambda x: apply(cut_p, x, power=2))(integers),
    ):
        with pytest.raises(OperandError, match="it is for floats"):
            call()


def test_one_without_a_rule_has_no_derivative() -> None:
    flat_p = Primitive("power", infer, bind)
    with pytest.raises(NotDifferentiableError, match="power"):
        check_gradients(lambda x: apply(flat_p, x, power=2), [np.ones(2)], order=1)


@pytest.mark.parametrize("module", [primitives, backends, formats], ids=lambda module: module.__name__)
def test_the_public_face_is_whole(module: Any) -> None:
    assert sorted(module.__all__) == sorted(
        name for name in vars(module) if not name.startswith("_") and name != "annotations"
    )
    for name in {*module.__all__} - {"Thunk"}:
        assert (getattr(module, name).__doc__ or "").strip(), f"{name} has no docstring"
