"""Masks go from layer to layer: made, passed on, used, ended; eagerly and traced, in stacks and graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential
from kcore.components.call_context import call_context, current_context
from kcore.components.masks import MaskTable
from kcore.engine import CompiledFunction
from kcore.errors import LayerMaskError
from kcore.layers import Input, Layer

X = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, 0.0]], np.float32)


class Marks(Layer):
    """0 marks padding."""

    def call(self, inputs: Any) -> Any:
        return inputs * 1

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return np.not_equal(inputs, 0)


class PassesOn(Layer):
    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs + 10


class Uses(Layer):
    """The sum of what is no padding."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return np.sum(inputs if mask is None else np.where(mask, inputs, 0), axis=1)


class Plain(Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2


class Drops(Plain):
    """Ends the mask on purpose."""

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


class Added(Layer):
    """Two inputs; the mask of the first."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        self.seen = mask
        return inputs[0] + inputs[1]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None if mask is None else mask[0]


class Halves(Layer):
    """Two outputs, of which the second has a mask."""

    def call(self, inputs: Any) -> Any:
        return [inputs / 2, inputs / 4]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return [None, np.not_equal(inputs, 0)]


class Around(Layer):
    """A layer made of layers."""

    def __init__(self, *layers: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = list(layers)

    def call(self, inputs: Any) -> Any:
        for layer in self.inner:
            inputs = layer(inputs)
        return inputs


def stack(*layers: Layer) -> Sequential:
    return Sequential([Input((3,)), *layers])


def graph(*layers: Layer) -> Model:
    tensor = begin = Input((3,))
    for layer in layers:
        tensor = layer(tensor)
    return Model(begin, tensor)


def results(model: Any, x: Any = X) -> list[Any]:
    """Computed eagerly, traced by hand, and by predict."""
    return [model(x), CompiledFunction(model)(x), model.predict(x)]


@pytest.mark.parametrize("make", [stack, graph])
def test_a_mask_goes_through_to_the_layer_that_uses_it(make: Any) -> None:
    for found in results(make(Marks(), PassesOn(), PassesOn(), Uses())):
        np.testing.assert_array_equal(found, [43, 23])


@pytest.mark.parametrize("make", [stack, graph])
def test_a_layer_that_drops_the_mask_ends_it(make: Any) -> None:
    for found in results(make(Marks(), Drops(), Uses())):
        np.testing.assert_array_equal(found, [6, 6])
    for found in results(make(Marks(), Drops(), PassesOn(), Plain(), Uses())):
        np.testing.assert_array_equal(found, [72, 72])


@pytest.mark.parametrize("make", [stack, graph])
def test_masks_go_into_models_and_layers_of_layers_and_come_out(make: Any) -> None:
    inner = make(PassesOn(), PassesOn())
    for found in results(make(Marks(), inner, Uses())):
        np.testing.assert_array_equal(found, [43, 23])
    for found in results(make(Around(Marks(), PassesOn()), Around(PassesOn()), Uses())):
        np.testing.assert_array_equal(found, [43, 23])
    # What comes out of the last layer inside has no mask.
    for found in results(make(Marks(), Around(Uses()), Plain())):
        np.testing.assert_array_equal(found, [6, 6])


def test_a_layer_that_would_lose_the_mask_says_so() -> None:
    model = Sequential([Input((3,)), Marks(name="marks"), Plain(name="plain"), Uses()], name="net")
    for run in (model, CompiledFunction(model), model.predict):
        with pytest.raises(LayerMaskError) as caught:
            run(X)
        assert str(caught.value) == (
            "Layer 'plain' (Plain), layer 2 of 3 in model 'net', was given an input with a mask, but does not say what "
            "becomes of it. Let the mask end before it (mask_zero=False, or a recurrent layer that uses it); in a "
            "layer of your own, take mask in call(), or set supports_masking = True, or define compute_mask()."
        )
        assert isinstance(caught.value, TypeError)
        assert caught.value.layer == "plain"  # type: ignore[attr-defined]


def test_lists_of_inputs_and_outputs_have_lists_of_masks() -> None:
    added = Added()
    begin, other = Input((3,)), Input((3,))
    model = Model([begin, other], Uses()(added([Marks()(begin), PassesOn()(other)])))
    np.testing.assert_array_equal(model([X, X]), [26, 16])
    assert added.seen[1] is None
    np.testing.assert_array_equal(added.seen[0], X != 0)
    np.testing.assert_array_equal(model.predict([X, X]), [26, 16])
    assert added([X, X]) is not None and added.seen is None
    first, second = Halves()(begin)
    model = Model(begin, [Uses()(PassesOn()(first)), Uses()(PassesOn()(second))])
    for plain, masked in (model(X), model.predict(X)):
        np.testing.assert_array_equal(plain, [31.5, 31.5])
        np.testing.assert_array_equal(masked, [20.75, 10.75])


def test_a_mask_given_by_hand_serves_one_call() -> None:
    mask = np.array([[True, False, False], [True, True, True]])
    np.testing.assert_array_equal(Uses()(X, mask=mask), [1, 3])
    model = stack(PassesOn(), Uses())
    np.testing.assert_array_equal(model(X, mask=mask), [11, 33])
    np.testing.assert_array_equal(model(X), [33, 33])
    with pytest.raises(LayerMaskError):
        Plain()(X, mask=mask)

    class Twice(Layer):
        """The second call inside gets what the outside said, or nothing."""

        def call(self, inputs: Any) -> Any:
            passed = PassesOn()(inputs, mask=mask)
            return [Uses()(passed), Uses()(inputs)]

    inside, after = Twice()(X)
    np.testing.assert_array_equal(inside, [11, 33])
    np.testing.assert_array_equal(after, [3, 3])
    passed = CompiledFunction(lambda x, m: model(x, mask=m))(X, mask)
    np.testing.assert_array_equal(passed, [11, 33])


def test_nothing_is_kept_between_calls() -> None:
    marked = Marks()(X)
    np.testing.assert_array_equal(Uses()(marked), [3, 3])
    np.testing.assert_array_equal(Uses()(marked, mask=Marks().compute_mask(X)), [3, 3])
    assert current_context().masks.of(marked) is None


def test_the_context_knows_the_mask_of_an_output() -> None:
    model = stack(Marks(), PassesOn())
    with call_context() as context:
        output = model(X)
        np.testing.assert_array_equal(context.masks.of(output), X != 0)
    assert current_context().masks.of(output) is None


def test_the_table() -> None:
    table, one, two = MaskTable(), np.zeros(2), np.zeros(2)
    mask = np.array([True, False])
    table.put([one, two], [None, mask])
    assert table.of(one) is None and table.of(two) is mask
    assert table.of([one, two]) == [None, mask] and table.of([one, one]) is None
    with table.replaced([one, two], [mask, None]):
        assert table.of([one, two]) == [mask, None]
    assert table.of([one, two]) == [None, mask]
    table.put([one, two], None)
    assert table.of([one, two]) is None
