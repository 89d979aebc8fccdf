"""Any index with one array, and any subscripts, against NumPy itself; errors of the primitives behind them."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore.engine import ArrayType, CompiledFunction, Primitive, apply
from kcore.engine.primitives.cumulative import cumsum_p
from kcore.engine.primitives.indexing import gather_p, scatter_add_p, wrap_index_p
from kcore.engine.primitives.sorting import argsort_p, sort_p
from kcore.errors import OperandError
from kcore.testing import check_gradients

F8, IDS = np.dtype("f8"), np.dtype(np.intp)
RNG = np.random.default_rng(11)


@st.composite
def indices(draw: st.DrawFn) -> tuple[tuple[int, ...], Any]:
    """A shape, and an index with at most one array of integers, anywhere."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    used = draw(st.integers(1, len(shape)))
    array_at = draw(st.integers(0, used))
    dots = draw(st.integers(0, used))
    # Axes after an ellipsis are counted from the end.
    axes = [*range(dots), *range(len(shape) - used + dots, len(shape))]
    index: list[Any] = []
    for place, axis in enumerate(axes):
        size = shape[axis]
        bound = st.one_of(st.none(), st.integers(-size - 1, size + 1))
        if place == dots:
            index.append(Ellipsis)
        if draw(st.integers(0, 3)) == 0:
            index.append(None)
        if place == array_at:
            of = draw(st.lists(st.integers(0, 3), max_size=2))
            index.append(RNG.integers(-size, size, of))
        elif draw(st.booleans()):
            index.append(draw(st.integers(-size, size - 1)))
        else:
            index.append(slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2, -1]))))
    return shape, tuple(index)


@settings(max_examples=150, deadline=None)
@given(indices())
def test_an_index_with_one_array(case: tuple[tuple[int, ...], Any]) -> None:
    shape, index = case
    x = RNG.normal(size=shape)
    np.testing.assert_array_equal(CompiledFunction(lambda x: x[index])(x), x[index], strict=True)


@st.composite
def subscripts(draw: st.DrawFn) -> tuple[str, list[tuple[int, ...]]]:
    """Up to three operands with letters from a few, repeated at will; sizes agree, or are 1 in an operand."""
    sizes = {label: draw(st.integers(0, 3)) for label in string.ascii_lowercase[:5]}
    texts, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        labels = draw(st.lists(st.sampled_from(sorted(sizes)), max_size=4))
        ones = {label for label in labels if draw(st.integers(0, 4)) == 0}
        texts.append("".join(labels))
        shapes.append(tuple(1 if label in ones else sizes[label] for label in labels))
    text = ",".join(texts)
    if draw(st.booleans()):
        known = sorted(set(text) - {","})
        text += "->" + "".join(draw(st.permutations(known))[: draw(st.integers(0, len(known)))])
    return text, shapes


@settings(max_examples=150, deadline=None)
@given(subscripts())
def test_einsum(case: tuple[str, list[tuple[int, ...]]]) -> None:
    text, shapes = case
    operands = [RNG.normal(size=shape) for shape in shapes]
    expected = np.einsum(text, *operands)
    found = CompiledFunction(lambda *given: np.einsum(text, *given))(*operands)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    assert found.shape == expected.shape


@pytest.mark.parametrize("text", ["abc,cd,bd->ab", "aab,bc->ac", "ab,ab,ab->", "a,b,c->cab"])
def test_the_gradients_of_einsum(text: str) -> None:
    operands = [RNG.normal(size=(2,) * len(term)) for term in text.partition("->")[0].split(",")]
    check_gradients(lambda *given: np.einsum(text, *given), operands)


@pytest.mark.parametrize(
    ("primitive", "types", "params", "text"),
    [
        (gather_p, [((3, 2), F8), ((4,), IDS)], {"axis": 2}, r"\(3, 2\), \(4,\): axis 2 is not one of its 2 axes"),
        (gather_p, [((3, 2), F8), ((4,), "i2")], {"axis": 0}, r"positions are int64, not int16"),
        (gather_p, [((0, 2), F8), ((4,), IDS)], {"axis": 0}, r"an empty axis has nothing to choose from"),
        (scatter_add_p, [((4, 2), F8), ((5,), IDS)], {"axis": 0, "size": 3}, r"must follow each other from axis 0 on"),
        (scatter_add_p, [((4,), F8), ((4,), F8)], {"axis": 0, "size": 3}, r"positions are int64, not float64"),
        (wrap_index_p, [((4,), "?")], {"size": 3}, r"indices are integers, not bool"),
        (cumsum_p, [((4,), F8)], {"axis": 1, "reverse": False}, r"cumsum cannot .* axis 1 is not one of its 1 axes"),
        (sort_p, [((), F8)], {"axis": 0}, r"sort cannot .* axis 0 is not one of its 0 axes"),
        (argsort_p, [((4,), F8)], {"axis": -1}, r"argsort cannot .* axis -1 is not one of its 1 axes"),
    ],
)
def test_shape_rules(primitive: Primitive, types: list[Any], params: dict[str, Any], text: str) -> None:
    with pytest.raises(OperandError, match=text):
        primitive.infer(*(ArrayType(*type) for type in types), **params)


def test_scatter_add_adds_in_the_order_of_the_updates() -> None:
    # 1e8 absorbs what is added to it one by one; only this order gives exactly these sums.
    updates = np.array([1e8, 1.0, 1.0, 1.0, 1.0, -1e8, 3.0, 1e8], "f4")
    ids = np.array([0, 0, 1, 0, 0, 0, 1, 1])
    found = CompiledFunction(lambda u, i: apply(scatter_add_p, u, i, axis=0, size=2))(updates, ids)
    assert found.tolist() == [0.0, 1e8]
