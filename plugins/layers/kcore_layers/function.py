"""Lambda: a function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from kcore import deserialize, serialize
from kcore.errors import InvalidArgumentError, LayerMaskError, UnknownComponentError
from kcore.layers import Layer
from kcore.registry import active_custom_objects

_CODE = (
    "the name of a function. kcore never runs code from a file: give the function as "
    "custom_objects={name of the layer: function} when you load it"
)


class Lambda(Layer):
    """A function of arrays, written with NumPy and ``kcore.ops``, as a layer: y = function(x, **arguments).

    Input any array (batch, ...), or a list of arrays; output what the function returns, with the batch axis first. The
    function is traced, differentiated and planned like any layer. It has no weights: what it reads from outside does
    not train. A function that names an argument ``mask`` gets the mask of the input, one that names ``training``
    whether this is training.

    A file holds only the function's name, as an activation or among ``custom_objects``. A Keras file with the code
    of a ``lambda`` is read if ``custom_objects`` has a function under the layer's name. Source: Keras's documented
    behaviour.

    Args:
        function: of an array or a list of arrays; or its name.
        output_shape: of one sample, without the batch axis, or a function of the input's whole shape that gives the
            output's whole shape; found by tracing by default.
        mask: of the output: a function of the inputs and their mask, or an array; by default, none.
        arguments: further arguments of the function, by name.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument is none of these.
        LayerMaskError: the input has a mask, and neither the function nor ``mask`` takes it.

    Example:
        >>> import numpy as np
        >>> Lambda(lambda x, power: x ** power, arguments={"power": 2})(np.array([[1.0, 3.0]])).tolist()
        [[1.0, 9.0]]
    """

    def __init__(
        self,
        function: Any,
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(function, str):
            function = _named("function", function)
        if not callable(function):
            raise InvalidArgumentError(
                component="Lambda", argument="function", value=function, allowed="a function, or its name"
            )
        if output_shape is not None and not callable(output_shape) and not isinstance(output_shape, list | tuple):
            raise InvalidArgumentError(
                component="Lambda",
                argument="output_shape",
                value=output_shape,
                allowed="None, a shape without the batch axis, or a function of a shape",
            )
        if arguments is not None and not isinstance(arguments, Mapping):
            raise InvalidArgumentError(
                component="Lambda", argument="arguments", value=arguments, allowed="a dictionary of arguments by name"
            )
        self.function: Callable[..., Any] = function
        self.output_shape_: Any = tuple(output_shape) if isinstance(output_shape, list) else output_shape
        self.mask = mask
        self.arguments = dict(arguments or {})
        self._wanted = _names(function)

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """(batch, ...), or a list of such -> what the function returns."""
        given = {"mask": mask, "training": training}
        chosen = {name: value for name, value in given.items() if name in self._wanted and name not in self.arguments}
        return self.function(inputs, **self.arguments, **chosen)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What ``mask`` says; ``None`` if it says nothing."""
        if callable(self.mask):
            return self.mask(inputs, mask)
        if self.mask is None and mask is not None and "mask" not in self._wanted:
            raise LayerMaskError(layer=self.name, kind="Lambda")
        return self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        stated = self.output_shape_
        if stated is None:
            return super().compute_output_shape(input_shape)
        if callable(stated):
            found = stated(input_shape)
            return found if isinstance(found, list) else tuple(found)
        batch: Any = (input_shape[0] if isinstance(input_shape, list) else input_shape)[0]
        return (batch, *stated)

    # --- config ------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The function's name and the arguments; a function without a name cannot be written.

        Raises:
            ConfigError: the function, or one of the others, has no name that it could be found by.
        """
        shape, mask = self.output_shape_, self.mask
        return {
            **super().get_config(),
            "function": serialize(self.function),
            "function_type": "function",
            "output_shape": serialize(shape) if callable(shape) else None if shape is None else list(shape),
            "output_shape_type": "function" if callable(shape) else "raw",
            "mask": serialize(mask) if callable(mask) else None if mask is None else np.asarray(mask).tolist(),
            "arguments": {name: _written(value) for name, value in self.arguments.items()},
        }

    def _not_config(self) -> set[str]:
        return super()._not_config() | {"function", "output_shape", "mask", "arguments"}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer with this config, also in the forms that Keras 2 and 3 write.

        Raises:
            InvalidArgumentError: it holds code instead of a name, or a name that no function has.
        """
        given = {key: value for key, value in config.items() if not _is_of_keras(key)}
        own = active_custom_objects().get(str(config.get("name")))
        function = config.get("function")
        if own is not None:
            given["function"] = own
        elif not isinstance(function, str):
            raise InvalidArgumentError(
                component="Lambda", argument="function", value=type(function).__name__, allowed=_CODE
            )
        for argument in ("output_shape", "mask"):
            value = config.get(argument)
            if isinstance(value, str):
                given[argument] = _named(argument, value)
            elif isinstance(value, Mapping) or config.get(f"{argument}_type") == "lambda":
                raise InvalidArgumentError(
                    component="Lambda", argument=argument, value=type(value).__name__, allowed=_CODE
                )
        if isinstance(given.get("mask"), list):
            given["mask"] = np.asarray(given["mask"], "bool")
        given["arguments"] = {name: _read(value) for name, value in (config.get("arguments") or {}).items()}
        return cls(**given)


def _named(argument: str, name: str) -> Any:
    """The activation, or the custom object, of this name."""
    try:
        return deserialize(name, "activations")
    except UnknownComponentError as error:
        raise InvalidArgumentError(
            component="Lambda",
            argument=argument,
            value=name,
            allowed=f"the name of an activation, or of a function in custom_objects={{{name!r}: ...}}",
        ) from error


def _names(function: Any) -> Sequence[str]:
    """The names of a function's arguments; none for one that does not tell."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _is_of_keras(key: str) -> bool:
    """Whether a setting only says how Keras is to find code."""
    return key == "module" or key.endswith("_module") or key.endswith("_type")


def _written(value: Any) -> Any:
    """An argument as data, an array in the form that Keras 2 has for it."""
    return {"type": "ndarray", "value": value.tolist()} if isinstance(value, np.ndarray) else value


def _read(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("type") == "ndarray":
        return np.asarray(value["value"])
    return value
