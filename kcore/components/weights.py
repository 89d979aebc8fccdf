"""What a layer's weights are: making them, finding them in layers inside layers, reading and writing them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kcore.components.constraint import Constraint
from kcore.components.regularizer import Regularizer
from kcore.engine.tracing import Variable
from kcore.engine.types import Array
from kcore.errors.components import LayerStateError, WeightsError
from kcore.registry import registry

if TYPE_CHECKING:
    from kcore.components.layer import Layer


class Weighted:
    """Something with weights of its own and of the layers that it keeps as attributes.

    Attributes:
        name: of the layer.
        dtype: of its weights.
        trainable: whether training may change them.
        built: whether they are there.
        regularizers: penalties on single weights, part of every loss.
        constraints: projections of single weights, after every update.
        loss_functions: further penalties on weights, part of every loss.
    """

    name: str
    dtype: str
    trainable: bool
    built: bool
    regularizers: list[tuple[Variable, Regularizer]]
    constraints: list[tuple[Variable, Constraint]]
    loss_functions: list[Callable[[], Any]]
    _variables: list[Variable]
    _sublayers: dict[str, list[Layer]]

    def add_weight(
        self,
        name: str,
        shape: Sequence[int],
        initializer: Any = "glorot_uniform",
        *,
        regularizer: Any = None,
        constraint: Any = None,
        trainable: bool = True,
        dtype: npt.DTypeLike | None = None,
    ) -> Variable:
        """Make a weight; called in ``build``.

        Args:
            name: within the layer, such as ``"kernel"``.
            shape: all sizes known.
            initializer, regularizer, constraint: a component, its name, or its config.
            trainable: whether gradients are taken with respect to it.
            dtype: the layer's by default.

        Raises:
            LayerStateError: a size is unknown.
        """
        if any(size is None for size in shape):
            raise LayerStateError(
                layer=self.name,
                problem=f"cannot make its weight {name!r} of shape {tuple(shape)}, because a size is unknown",
                advice="Give the input a fixed size on the axis that the weight depends on.",
            )
        make = registry("initializers").get(initializer)
        value = make(tuple(shape), dtype or self.dtype)
        variable = Variable(value, name=f"{self.name}/{name}", trainable=trainable, dtype=dtype or self.dtype)
        self._variables.append(variable)
        penalty = registry("regularizers").get(regularizer)
        if penalty is not None:
            self.regularizers.append((variable, penalty))
        projection = registry("constraints").get(constraint)
        if projection is not None:
            self.constraints.append((variable, projection))
        return variable

    def __setattr__(self, name: str, value: Any) -> None:
        # Layers kept as attributes belong to this one: their weights are its weights. In Keras's documentation a
        # subclass sets its attributes before it calls the base's __init__.
        sublayers = self.__dict__.setdefault("_sublayers", {})
        if isinstance(value, Variable) and not name.startswith("_"):
            # Made without add_weight, as by kcore.backend.variable: what a layer shows as its own is its weight.
            variables = self.__dict__.setdefault("_variables", [])
            if not any(variable is value for variable in variables):
                variables.append(value)
        found = [item for item in _flat(value) if isinstance(item, Weighted)]
        if found:
            sublayers[name] = found
        else:
            sublayers.pop(name, None)
        object.__setattr__(self, name, value)

    @property
    def sublayers(self) -> list[Layer]:
        """Layers that this one keeps as attributes, alone or in lists and dictionaries, once each."""
        return list(dict.fromkeys(layer for layers in self._sublayers.values() for layer in layers))

    def walk(self) -> Iterator[Layer]:
        """This layer and all layers inside it, once each."""
        seen: set[int] = set()
        stack: list[Any] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                stack.extend(reversed(layer.sublayers))

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes; none if the layer is not trainable."""
        if not self.trainable:
            return []
        own = [variable for variable in self._variables if variable.trainable]
        return _once([*own, *(weight for layer in self.sublayers for weight in layer.trainable_weights)])

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        changed = set(self.trainable_weights)
        everything = [*self._variables, *(weight for layer in self.sublayers for weight in layer.weights)]
        return [variable for variable in _once(everything) if variable not in changed]

    @property
    def weights(self) -> list[Variable]:
        """All weights, in an order that does not depend on ``trainable``: trainable by nature first."""
        own = [variable for variable in self._variables if variable.trainable]
        fixed = [variable for variable in self._variables if not variable.trainable]
        return _once([*own, *(weight for layer in self.sublayers for weight in layer.weights), *fixed])

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of ``weights``."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Give all weights new values, in the order of ``weights``; nothing changes if one does not fit.

        Raises:
            WeightsError: the number of arrays, or a shape, is wrong.
        """
        arrays = [np.asarray(array) for array in weights]
        expected = [variable.shape for variable in self.weights]
        given = [array.shape for array in arrays]
        if expected != given:
            raise WeightsError(owner=f"{type(self).__name__} {self.name!r}", expected=expected, given=given)
        for variable, array in zip(self.weights, arrays, strict=True):
            variable.assign(array)

    def count_params(self) -> int:
        """The number of numbers in all weights.

        Raises:
            LayerStateError: the layer is not built.
        """
        if not self.built:
            raise LayerStateError(
                layer=self.name,
                problem="has no weights yet, because it is not built",
                advice="Call it on an input, or give the first layer an input_shape.",
            )
        return sum(variable.size for variable in self.weights)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _once(variables: Sequence[Variable]) -> list[Variable]:
    return list(dict.fromkeys(variables))
