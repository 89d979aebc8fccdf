"""Layers that make one tensor of several: functional forms, masks, shapes and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from kcore import Model, layers
from kcore.errors import InvalidArgumentError, LayerInputError
from kcore.layers import Embedding, Input
from kcore_layers.merge import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract

A = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
B = np.array([[5.0, 1.0], [0.0, 4.0]], np.float32)

FORMS: list[tuple[str, Any, Any]] = [
    ("add", {}, A + B),
    ("subtract", {}, A - B),
    ("multiply", {}, A * B),
    ("average", {}, (A + B) / 2),
    ("maximum", {}, np.maximum(A, B)),
    ("minimum", {}, np.minimum(A, B)),
    ("concatenate", {"axis": 1}, np.concatenate([A, B], 1)),
    ("dot", {"axes": 1}, np.sum(A * B, 1, keepdims=True)),
    (
        "dot",
        {"axes": 1, "normalize": True},
        np.sum(A * B, 1, keepdims=True) / np.sqrt((A**2).sum(1) * (B**2).sum(1))[:, None],
    ),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), FORMS)
def test_functional_forms(name: str, arguments: dict[str, Any], expected: Any) -> None:
    function = getattr(layers, name)
    found = function([A, B], **arguments)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    first, second = Input((2,)), Input((2,))
    output = function([first, second], name="merged", **arguments)
    assert output.node.layer.name == "merged"
    np.testing.assert_allclose(Model([first, second], output).predict([A, B]), expected, rtol=1e-6)


@given(mutually_broadcastable_shapes(num_shapes=3, min_dims=1, max_dims=3, min_side=1, max_side=3), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_shapes_broadcast_as_in_numpy(shapes: Any, batch: int) -> None:
    # Inputs of one rank; lower ranks are filled up behind the batch axis, which is the same as NumPy's in front.
    arrays = [np.ones((batch, *shape), "float32") for shape in shapes.input_shapes]
    found = Add()(arrays)
    assert found.shape == (batch, *shapes.result_shape)
    stated = Add().compute_output_shape([(None, *shape) for shape in shapes.input_shapes])
    assert stated == (None, *shapes.result_shape)


def test_unknown_sizes_of_a_merge() -> None:
    add, concatenate = Add(), Concatenate(axis=1)
    assert add.compute_output_shape([(None, None, 3), (None, 5, 3)]) == (None, 5, 3)
    assert add.compute_output_shape([(None, None, 3), (None, 1, 3)]) == (None, None, 3)
    assert add.compute_output_shape([(None, 1, 3), (4, 1, 3)]) == (4, 1, 3)
    assert concatenate.compute_output_shape([(None, None, 3), (None, 5, 3)]) == (None, None, 3)
    assert concatenate.compute_output_shape([(None, 2, None), (7, 5, 3)]) == (7, 7, 3)
    assert Dot(axes=2).compute_output_shape([(None, None, 3), (None, 5, None)]) == (None, None, 5)


@pytest.mark.parametrize("kind", [Add, Multiply, Average, Maximum, Minimum])
def test_masks_are_combined(kind: Any) -> None:
    words = Input((3,), name="a"), Input((3,), name="b")
    embedded = [Embedding(5, 2, mask_zero=True)(word) for word in words]
    layer = kind()
    layer([*embedded, Input((3, 2))])
    assert layer.output_mask.shape == (None, 3)
    x = [np.ones((1, 3, 2), "float32")] * 3
    masks = [np.array([[True, True, False]]), None, np.array([[True, False, False]])]
    assert layer.compute_mask(x, masks).tolist() == [[True, False, False]]
    assert layer.compute_mask(x, None) is None


def test_masks_along_the_axis_are_concatenated() -> None:
    x = [np.ones((1, 2, 3)), np.ones((1, 1, 3))]
    mask = np.array([[True, False]])
    for axis in (1, -2):
        assert Concatenate(axis=axis).compute_mask(x, [mask, None]).tolist() == [[True, False, True]]
        assert Concatenate(axis=axis).compute_mask(x, [mask, ~mask[:, :1]]).tolist() == [[True, False, False]]
    assert Concatenate().compute_mask([x[0], x[0]], [mask, None]).tolist() == [[True, False]]
    assert Concatenate().compute_mask([x[0], x[0]], [mask, ~mask]).tolist() == [[False, False]]
    assert Concatenate().compute_mask(x, None) is None
    assert Dot(axes=1).compute_mask(x, [mask, None]) is None


@pytest.mark.parametrize(
    ("layer", "shapes", "text"),
    [
        (Add(name="layer"), [(None, 3)], r"\(Add\) expects a list of at least 2 inputs"),
        (Add(name="layer"), (None, 3), r"a list of at least 2 inputs, but its input has shape \(batch, 3\)"),
        (Subtract(name="layer"), [(None, 3)] * 3, "expects a list of 2 inputs"),
        (Dot(axes=1, name="layer"), [(None, 3)] * 3, "expects a list of 2 inputs"),
        (Add(name="layer"), [(None, 3), (None, 4)], r"broadcast together, but its inputs have the shapes \(batch, 3\), \(batch, 4\)"),
        (Multiply(name="layer"), [(2, 3), (5, 3)], "broadcast together"),
        (Maximum(name="layer"), [(None, 3), ()], "inputs with a batch axis"),
        (Concatenate(name="layer"), [(None, 3), (None, 3, 2)], "the same number of axes, of which one is axis -1"),
        (Concatenate(axis=2, name="layer"), [(None, 3), (None, 3)], "of which one is axis 2"),
        (Concatenate(name="layer"), [(None, 3, 2), (None, 4, 2)], "of one shape but for axis -1"),
        (Dot(axes=2, name="layer"), [(None, 3), (None, 3)], r"with the axes \(2, 2\), besides the batch axis"),
        (Dot(axes=-2, name="layer"), [(None, 3), (None, 3)], "besides the batch axis"),
        (Dot(axes=1, name="layer"), [(None, 3), (None, 4)], r"as many elements on the axes \(1, 1\)"),
        (Dot(axes=1, name="layer"), [(2, 3), (5, 3)], "as many samples"),
    ],
)  # fmt: skip
def test_inputs_that_cannot_be_merged(layer: Any, shapes: Any, text: str) -> None:
    with pytest.raises(LayerInputError, match=text) as caught:
        layer.ensure_built(shapes)
    assert caught.value.layer == "layer" and caught.value.shape == shapes


def test_inputs_are_checked_at_every_call() -> None:
    layer = Add()
    layer([A, B])
    with pytest.raises(LayerInputError, match="broadcast together"):
        layer([A, B[:, :1].repeat(3, 1)])
    with pytest.raises(LayerInputError, match="a list of at least 2 inputs"):
        layer([A])


@pytest.mark.parametrize("axes", [0, 1.5, "last", (1, 2, 3), (1, 0), (1, None), None])
def test_dot_refuses_axes(axes: Any) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"Dot cannot take axes=.*an integer other than 0, or a pair"
    ) as caught:
        Dot(axes=axes)
    assert caught.value.argument == "axes"


@pytest.mark.parametrize("axis", [1.5, "last", None, (1,), True])
def test_concatenate_refuses_axes(axis: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"Concatenate cannot take axis=.*an integer"):
        Concatenate(axis=axis)
