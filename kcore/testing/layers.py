"""Layers put to the test: the cases that a layer's author states, and the checks that every case must pass.

Each check is a function of a case that raises an AssertionError, or the layer's own error, where the layer breaks the
contract of layers::

    from kcore.testing.layers import CHECKS, LayerCase

    for name, check in CHECKS.items():
        check(LayerCase("Dense", (3, 4), {"units": 2}))
"""

from __future__ import annotations

import copy
import json
import pickle
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore.components.layer import Layer
from kcore.components.shape_inference import traced_output_shape
from kcore.engine.compiled import CompiledFunction
from kcore.engine.random import set_random_seed
from kcore.engine.tree import leaves, map_leaves
from kcore.engine.types import Array, Shape
from kcore.errors.components import LayerMaskError, WeightsError
from kcore.models import Model
from kcore.models.inputs import Input
from kcore.registry import deserialize, registry, serialize
from kcore.testing.gradients import check_gradients
from kcore.testing.round_trips import check_config_of, same


@dataclass(frozen=True)
class LayerCase:
    """One way to use a layer, on which all checks run.

    Attributes:
        layer: its name in ``kcore.layers``.
        shape: of the input, the batch axis first and all sizes known; a list of shapes for a list of inputs.
        config: constructor arguments, as a config writes them.
        label: what is particular about the case; cases of one layer have different ones.
        below: the inputs are whole numbers from 0 to below this; 0 for floating inputs.
        mask: whether the (first) input comes with a mask of its first two axes.
        training_differs: whether the output in training is another than at prediction.
        unknown: axes of the input whose sizes may be unknown while the layer is built, besides the batch axis.
        fixed_batch: whether the layer has to know the batch size, such as a stateful one.
    """

    layer: str
    shape: tuple[int, ...] | list[tuple[int, ...]]
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    below: int = 0
    mask: bool = False
    training_differs: bool = False
    unknown: Sequence[int] = ()
    fixed_batch: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> LayerCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        shape = row["shape"]
        several = bool(shape) and isinstance(shape[0], list)
        return cls(**{**row, "shape": [tuple(one) for one in shape] if several else tuple(shape)})

    def __str__(self) -> str:
        return f"{self.layer}-{self.label}" if self.label else self.layer

    # --- what the checks work on -------------------------------------------------------------------------------------

    def generator(self) -> np.random.Generator:
        """Random numbers, the same at every call."""
        return np.random.default_rng(zlib.crc32(str(self).encode()))

    def symbolic_shape(self) -> Any:
        """The shape with ``None`` for the batch and whatever else may be unknown."""
        if isinstance(self.shape, list):
            return [self._symbolic(shape) for shape in self.shape]
        return self._symbolic(self.shape)

    def _symbolic(self, shape: tuple[int, ...]) -> Shape:
        return tuple(
            None if (axis == 0 and not self.fixed_batch) or axis in self.unknown else size
            for axis, size in enumerate(shape)
        )

    def inputs(self, dtype: str = "float32") -> Any:
        """An array, or a list of arrays."""
        rng = self.generator()

        def drawn(shape: tuple[int, ...]) -> Array:
            if self.below:
                return rng.integers(0, self.below, shape)
            return rng.normal(size=shape).astype(dtype)

        return [drawn(shape) for shape in self.shape] if isinstance(self.shape, list) else drawn(self.shape)

    def masks(self) -> Any:
        """The inputs' masks, as ``call`` takes them; ``None`` for none. Every sequence has at least one step."""
        if not self.mask:
            return None
        first = self.shape[0] if isinstance(self.shape, list) else self.shape
        lengths = self.generator().integers(1, first[1] + 1, first[0])
        mask = np.arange(first[1]) < lengths[:, np.newaxis]
        return [mask, *(None for _ in self.shape[1:])] if isinstance(self.shape, list) else mask

    def make(self, dtype: str = "float32") -> Layer:
        """The layer, not built; the layers inside it have the same dtype."""
        config = _with_dtype(dict(self.config), dtype)
        layer: Layer = deserialize({"class_name": self.layer, "config": {**config, "dtype": dtype}}, "layers")
        return layer

    def ready(self, dtype: str = "float32") -> Layer:
        """The layer, built, with random weights: also those that begin as 0 or 1 count in the output."""
        layer = self.make(dtype)
        layer.ensure_built(self.symbolic_shape())
        layer(self.inputs(dtype), mask=self.masks())
        rng = self.generator()
        trained = set(layer.trainable_weights)
        # What is not trained may be a variance.
        layer.set_weights(
            [
                rng.normal(size=weight.shape) * 0.5 if weight in trained else rng.uniform(0.5, 1.5, weight.shape)
                for weight in layer.weights
            ]
        )
        self.begin_anew(layer)
        return layer

    def call(self, layer: Layer, inputs: Any, **kwargs: Any) -> list[Any]:
        """The outputs of a call with the case's mask, as a list."""
        return leaves(layer(inputs, mask=self.masks(), **kwargs))

    def begin_anew(self, layer: Layer) -> None:
        """Forget the states of stateful layers."""
        for one in layer.walk():
            if getattr(one, "stateful", False) and one.built:
                one.reset_states()  # type: ignore[attr-defined]


def _with_dtype(config: dict[str, Any], dtype: str) -> dict[str, Any]:
    """The config, in which the layers inside have the dtype, too."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(item) for item in value]
        if not isinstance(value, dict):
            return value
        inner = {key: changed(item) for key, item in value.items()}
        if inner.get("class_name") in registry("layers").names() and isinstance(inner.get("config"), dict):
            inner["config"] = {**inner["config"], "dtype": dtype}
        return inner

    return {key: changed(value) for key, value in config.items()}


def _same(found: Sequence[Any], expected: Sequence[Any], dtype: str = "float32", what: str = "") -> None:
    assert len(found) == len(expected), what
    for one, other in zip(found, expected, strict=True):
        same(one, other, dtype, what=what)


# --- the checks ------------------------------------------------------------------------------------------------------


def check_config(case: LayerCase) -> None:
    """The config is plain data, and a layer made from it, through JSON or YAML, has the same config and weights."""
    check_config_of(case.make(), "layers")
    ready = case.ready()
    again = deserialize(json.loads(json.dumps(serialize(ready, "layers"))), "layers")
    again.ensure_built(case.symbolic_shape())
    again(case.inputs(), mask=case.masks())
    shapes = [[weight.shape for weight in one.weights] for one in (again, ready)]
    assert shapes[0] == shapes[1], f"from the config, the weights have the shapes {shapes[0]}, not {shapes[1]}"


def check_shapes(case: LayerCase) -> None:
    """``compute_output_shape`` says what tracing finds, and what comes out; unknown sizes where they belong."""
    layer = case.ready()
    outputs = layer(case.inputs(), mask=case.masks())
    actual = [output.shape for output in outputs] if isinstance(outputs, list | tuple) else outputs.shape
    stated = layer.compute_output_shape(case.shape)
    assert stated == actual, f"compute_output_shape says {stated}, the output is {actual}"
    symbolic = layer.compute_output_shape(case.symbolic_shape())
    for stated, found in zip(_shapes(symbolic), _shapes(actual), strict=True):
        known = len(stated) == len(found) and all(a in (None, b) for a, b in zip(stated, found, strict=True))
        assert known, f"compute_output_shape says {symbolic}, the output is {actual}"
        assert case.fixed_batch or stated[0] is None, f"compute_output_shape says {symbolic} for any batch size"
    if not case.fixed_batch:
        for shape, expected in ((case.shape, actual), (case.symbolic_shape(), symbolic)):
            traced = traced_output_shape(layer, shape)
            assert traced == expected, f"compute_output_shape says {expected} for {shape}, tracing finds {traced}"
    graph = [tensor.shape for tensor in leaves(case.make()(_symbolic_inputs(case)))]
    assert graph == _shapes(symbolic), f"in a graph, the output is {graph}, not {symbolic}"


def check_batch(case: LayerCase) -> None:
    """At prediction, each sample's output is what it is alone, and no input is changed."""
    layer, inputs, masks = case.ready(), case.inputs(), case.masks()
    before = copy.deepcopy(inputs)
    together = case.call(layer, inputs)
    for one, other in zip(leaves(inputs), leaves(before), strict=True):
        np.testing.assert_array_equal(one, other, err_msg="an input was changed")
    if case.fixed_batch:
        return
    for row in range(len(leaves(inputs)[0])):
        part, mask = (_rows(tree, slice(row, row + 1)) for tree in (inputs, masks))
        alone = leaves(layer(part, mask=mask))
        _same([output[row : row + 1] for output in together], alone, what=f"sample {row}")


def check_dtypes(case: LayerCase) -> None:
    """In float32 and float64, the output has the layer's dtype, and the numbers are the same."""
    wide, narrow = case.ready("float64"), case.ready("float32")
    narrow.set_weights(wide.get_weights())
    found = {}
    for layer, dtype in ((wide, "float64"), (narrow, "float32")):
        found[dtype] = case.call(layer, case.inputs(dtype))
        for output in found[dtype]:
            assert output.dtype == dtype or output.dtype.kind != "f", f"{output.dtype} of a layer of {dtype}"
        dtypes = {weight.dtype.name for weight in layer.trainable_weights}
        assert dtypes <= {dtype}, f"weights of {dtypes} in a layer of {dtype}"
    _same(found["float32"], found["float64"], what="float32 beside float64")


def check_derivatives(case: LayerCase) -> None:
    """The gradients with respect to inputs and weights, against finite differences."""
    layer, inputs = case.ready("float64"), case.inputs("float64")
    weights = layer.trainable_weights

    def function(*values: Any) -> Any:
        given, arrays = values[0], values[1:]
        for weight, array in zip(weights, arrays, strict=True):
            weight.assign(array)
        return case.call(layer, given)

    arguments = [inputs, *(weight.numpy() for weight in weights)]
    if any(array.dtype.kind == "f" for array in leaves(arguments)):
        check_gradients(function, arguments, order=1, name=str(case))


def check_planned(case: LayerCase) -> None:
    """Compiled, the layer gives what it gives eagerly, at prediction and in training, with the same random numbers."""
    for training in (False, True):
        found = []
        for planned in (False, True):
            set_random_seed(7)
            layer = case.ready()

            def run(inputs: Any, layer: Layer = layer, training: bool = training) -> Any:
                return case.call(layer, inputs, training=training)

            step = CompiledFunction(run) if planned else run
            # Twice: states and moving averages go on.
            found.append([*step(case.inputs()), *step(case.inputs()), *layer.get_weights()])
        _same(found[1], found[0], what=f"training={training}")


def check_training(case: LayerCase) -> None:
    """The output in training is another than at prediction only where the case says so."""
    layer = case.ready()
    predicted = case.call(layer, case.inputs(), training=False)
    case.begin_anew(layer)
    default = case.call(layer, case.inputs())
    case.begin_anew(layer)
    trained = case.call(layer, case.inputs(), training=True)
    _same(default, predicted, what="training is False by default")
    differs = any(not np.array_equal(one, other) for one, other in zip(trained, predicted, strict=True))
    assert differs == case.training_differs, f"the output in training differs: {differs}"


def check_weights(case: LayerCase) -> None:
    """Weights can be taken out, put into another layer, and only if they fit."""
    layer, other = case.ready(), case.make()
    other.ensure_built(case.symbolic_shape())
    other(case.inputs(), mask=case.masks())
    case.begin_anew(other)
    other.set_weights(layer.get_weights())
    _same(case.call(other, case.inputs()), case.call(layer, case.inputs()), what="another layer with these weights")
    count = sum(array.size for array in layer.get_weights())
    assert layer.count_params() == count, f"count_params says {layer.count_params()}, the weights have {count}"
    assert len({weight.name for weight in layer.weights}) == len(layer.weights), "two weights have one name"
    try:
        layer.set_weights([*layer.get_weights(), np.zeros(3)])
    except WeightsError:
        return
    raise AssertionError("an array too many was accepted")


def check_copies(case: LayerCase) -> None:
    """A pickled and a deep copy compute the same, and share nothing with the layer."""
    layer = case.ready()
    expected = case.call(layer, case.inputs())
    case.begin_anew(layer)
    for again in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        assert again.get_config() == layer.get_config(), "a copy has another config"
        _same(case.call(again, case.inputs()), expected, what="a copy")
        again.set_weights([np.zeros(weight.shape) for weight in again.weights])
    _same(case.call(layer, case.inputs()), expected, what="the weights of a copy are those of the layer")


def check_mask(case: LayerCase) -> None:
    """A mask is used, passed on, or refused by an error that names the layer; it never gets lost unseen."""
    layer, inputs = case.ready(), case.inputs()
    first = leaves(inputs)[0]
    if first.ndim < 3:
        return
    mask = np.ones(first.shape[:2], "bool")
    masks = [mask, *(None for _ in inputs[1:])] if isinstance(inputs, list) else mask
    try:
        outputs = layer(inputs, mask=masks)
        found = layer.compute_mask(inputs, masks)
    except LayerMaskError as error:
        if layer.name not in str(error):
            raise AssertionError("the error for a mask does not name the layer") from error
        return
    for output, one in zip(leaves(outputs), found if isinstance(found, list | tuple) else [found], strict=True):
        assert one is None or one.shape == output.shape[: one.ndim], "the mask is not of the output's first axes"


def traced(case: LayerCase) -> tuple[Callable[..., Any], list[Any]]:
    """The layer as a function of its inputs, and inputs for it."""
    layer = case.ready()

    def run(inputs: Any) -> Any:
        return case.call(layer, inputs)

    return run, [case.inputs()]


CHECKS: dict[str, Callable[[LayerCase], None]] = {
    "config": check_config,
    "shapes": check_shapes,
    "batch": check_batch,
    "dtypes": check_dtypes,
    "derivatives": check_derivatives,
    "planned": check_planned,
    "training": check_training,
    "weights": check_weights,
    "copies": check_copies,
    "mask": check_mask,
}


def case_model(case: LayerCase) -> Model:
    """A model of the case's layer alone, with random weights: for saving and loading."""
    layer = case.ready()
    inputs = _symbolic_inputs(case)
    return Model(inputs, layer(inputs))


def _symbolic_inputs(case: LayerCase) -> Any:
    shapes = case.symbolic_shape()
    dtype = "int64" if case.below else None
    if isinstance(shapes, list):
        return [Input(batch_shape=shape, dtype=dtype) for shape in shapes]
    return Input(batch_shape=shapes, dtype=dtype)


def _rows(tree: Any, rows: slice) -> Any:
    return map_leaves(lambda array: array[rows], tree)


def _shapes(shapes: Any) -> list[Any]:
    return shapes if isinstance(shapes, list) else [shapes]
