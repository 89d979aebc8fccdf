"""The program: a flat list of equations over typed values. Everything that runs fast is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kcore.engine.types import Array, ArrayType

if TYPE_CHECKING:
    from kcore.engine.primitive import Primitive


class Value:
    """One typed value of a program, compared by identity."""

    __slots__ = ("type",)

    def __init__(self, type: ArrayType) -> None:
        self.type = type

    def __repr__(self) -> str:
        return f"<value {self.type}>"


class Equation:
    """``outputs = primitive(*inputs, **params)``; ``params`` are static and hashable."""

    __slots__ = ("inputs", "outputs", "params", "primitive")

    def __init__(
        self,
        primitive: Primitive,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        params: Mapping[str, Any],
    ) -> None:
        self.primitive = primitive
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.params = dict(params)


class Program:
    """Inputs, constants, equations in order of execution, outputs.

    Each value is written once: it is an input, a constant, or an output of exactly one equation, and is read
    only after it was written (see ``legality.check``).
    """

    __slots__ = ("constants", "equations", "inputs", "outputs")

    def __init__(
        self,
        inputs: Sequence[Value],
        constants: Mapping[Value, Array],
        equations: Sequence[Equation],
        outputs: Sequence[Value],
    ) -> None:
        self.inputs = tuple(inputs)
        self.constants = dict(constants)
        self.equations = tuple(equations)
        self.outputs = tuple(outputs)

    def to_text(self) -> str:
        """The program as text, an equation a line; scalar constants are written in place.

        Example::

            program(a: float32[2,3], b: float32[3,4]) {
              c: float32[2,4] = matmul(a, b)
              d: float32[2,4] = maximum(c, 0.0)
              return d
            }
        """
        names: dict[Value, str] = {}

        def name(value: Value) -> str:
            if value not in names:
                constant = self.constants.get(value)
                if constant is not None and constant.ndim == 0:
                    return str(constant[()])
                names[value] = _letters(len(names))
            return names[value]

        lines = [f"program({', '.join(f'{name(v)}: {v.type}' for v in self.inputs)}) {{"]
        lines += [f"  {name(v)}: {v.type} = constant" for v in self.constants if v.type.ndim]
        for equation in self.equations:
            left = ", ".join(f"{name(v)}: {v.type}" for v in equation.outputs)
            arguments = [name(v) for v in equation.inputs]
            arguments += [f"{key}={value}" for key, value in equation.params.items()]
            lines.append(f"  {left} = {equation.primitive.name}({', '.join(arguments)})")
        lines += [f"  return {', '.join(map(name, self.outputs))}", "}"]
        return "\n".join(lines)

    __str__ = to_text


def _letters(index: int) -> str:
    """0 -> a, 25 -> z, 26 -> aa, as columns of a spreadsheet are named."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
