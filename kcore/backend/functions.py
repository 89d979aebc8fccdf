"""Functions of a graph's tensors, and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.backend.tensors import tensor
from kcore.components.call_context import call_context
from kcore.components.symbolic import SymbolicTensor
from kcore.engine import autodiff
from kcore.engine.compiled import CompiledFunction
from kcore.engine.tracing import Variable, current_trace, current_value
from kcore.engine.tree import leaves, map_leaves
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError, LayerStateError, spelled_shape
from kcore.errors.engine import TracingError
from kcore.models.functional import Functional
from kcore.ops import stop_gradient as _stop_gradient

_NAME = "kcore.backend.function"


class Function:
    """What ``function`` returns."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        for item in given:
            if not isinstance(item, SymbolicTensor) and not (isinstance(item, int) and item in (0, 1)):
                raise InvalidArgumentError(
                    component=_NAME, argument="inputs", value=item, allowed="symbolic tensors, and K.learning_phase()"
                )
        for item in leaves(outputs):
            if not isinstance(item, SymbolicTensor | Variable):
                raise InvalidArgumentError(
                    component=_NAME, argument="outputs", value=item, allowed="symbolic tensors and variables"
                )
        self.inputs = given
        self.outputs = outputs
        tensors = [item for item in given if isinstance(item, SymbolicTensor)]
        wanted = [item for item in leaves(outputs) if isinstance(item, SymbolicTensor)]
        self._graph = Functional(tensors, wanted, name="function") if wanted else None
        self._compiled: dict[bool | None, CompiledFunction] = {}

    def __call__(self, inputs: Any) -> Any:
        """The outputs' values, in the form in which the outputs were given.

        Args:
            inputs: an array for each input, and 0 or 1 for the learning phase.

        Raises:
            InvalidArgumentError: there are not as many, or one has another shape.
        """
        values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        if len(values) != len(self.inputs):
            raise InvalidArgumentError(
                component=_NAME, argument="inputs", value=f"{len(values)} values", allowed=f"{len(self.inputs)} values"
            )
        phase: bool | None = None
        arrays = []
        for value, wanted in zip(values, self.inputs, strict=True):
            if isinstance(wanted, SymbolicTensor):
                arrays.append(_fitted(value, wanted))
            else:
                phase = bool(value)
        if phase not in self._compiled:
            self._compiled[phase] = CompiledFunction(lambda arrays: self._traced(arrays, phase))
        return self._compiled[phase](arrays)

    def _traced(self, arrays: list[Any], phase: bool | None) -> Any:
        found: list[Any] = []
        if self._graph is not None:
            with call_context(training=phase):
                result = self._graph(arrays if len(arrays) > 1 else arrays[0])
            found = leaves(result)
        values = iter(found)
        return map_leaves(
            lambda item: next(values) if isinstance(item, SymbolicTensor) else current_value(item), self.outputs
        )


def _fitted(value: Any, wanted: SymbolicTensor) -> Array:
    array = np.asarray(value)
    sizes = zip(array.shape, wanted.shape, strict=False)
    if array.ndim != len(wanted.shape) or any(want not in (None, size) for size, want in sizes):
        raise InvalidArgumentError(
            component=_NAME,
            argument="inputs",
            value=f"array of shape {array.shape}",
            allowed=f"for {wanted.name!r} an array of shape {spelled_shape(wanted.shape)}",
        )
    return array.astype(wanted.dtype, copy=False)


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Function:
    """A function from arrays for some tensors of a graph to the values of others, such as ``K.function([model.input],
    [model.layers[3].output])``. It reads the weights as they are when it is called.

    Args:
        inputs: symbolic tensors, inputs of a graph or any in between; among them may be ``K.learning_phase()``, for
            which 0 or 1 is then given in each call.
        outputs: symbolic tensors and variables, one or several.
        updates: has to be empty: variables are changed in layers, with ``add_update``.
        name, **kwargs: for Keras's sake.

    Returns:
        a function of a list of arrays.

    Raises:
        InvalidArgumentError: an argument is none of these.
        GraphError: an output does not follow from the inputs.

    Example:
        >>> from kcore import Input
        >>> from kcore.layers import Flatten
        >>> x = Input((2, 2))
        >>> function([x], [Flatten()(x)])([np.ones((1, 2, 2))])[0].tolist()
        [[1.0, 1.0, 1.0, 1.0]]
    """
    if updates:
        raise InvalidArgumentError(
            component=_NAME, argument="updates", value=updates, allowed="none; a layer's add_update changes variables"
        )
    return Function(inputs, outputs)


def gradients(loss: Any, variables: Any) -> list[Any]:
    """The gradients of ``loss``, or of its sum, in the program that is being traced.

    It is for the ``call`` of a layer and for a loss, such as a penalty on a gradient. They are zero where the loss does
    not depend on a variable; Keras has ``None`` there. Outside of programs, ``kcore.grad`` differentiates a function.

    Args:
        loss: traced.
        variables: traced arrays and variables, one or a list.

    Raises:
        TracingError: nothing is traced.
        LayerStateError: a tensor is symbolic: a graph is wired, not computed.
    """
    wanted = list(variables) if isinstance(variables, list | tuple) else [variables]
    for item in [loss, *wanted]:
        if isinstance(item, SymbolicTensor):
            raise LayerStateError(
                layer=item.node.layer.name if item.node else item.name,
                problem="has a symbolic output, of which there are no gradients",
                advice="Write a function of arrays that calls the model, and differentiate that with kcore.grad.",
            )
    if current_trace() is None:
        raise TracingError(
            problem="K.gradients() was called outside of a program.",
            advice="Use it in call() of a layer or in a loss; elsewhere kcore.grad differentiates a function.",
        )
    target = tensor(loss)
    return autodiff.gradients(np.sum(target) if target.shape else target, wanted)


def stop_gradient(variables: Any) -> Any:
    """An array, or several, that gradients take as constant."""
    return map_leaves(lambda leaf: _stop_gradient(tensor(leaf)), variables)
