"""The primitive: one operation of a program, with all rules that belong to it side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from kcore.engine.types import Array, ArrayType

if TYPE_CHECKING:
    from kcore.engine.primitives.batching import Cut
    from kcore.engine.program import Equation

Thunk: TypeAlias = Callable[[], object]
"""A bound kernel: all arrays are inside, calling it computes."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """An operation that a program can name. Calling convention: positional = data, keyword = static.

    Attributes:
        name: shown in programs and errors.
        infer: ``infer(*types, **params) -> (type, ...)``, the shape rule; raises ``OperandError``.
        bind: ``bind(inputs, outputs, scratch, **params) -> thunk``, the NumPy kernel. It is called once per plan
            with the arrays that every later run uses, so that it can prepare views; the thunk it returns fills
            ``outputs`` and allocates nothing.
        vjp: ``vjp(cotangents, inputs, outputs, **params) -> (cotangent or None, ...)``, one entry per input,
            written in terms of other primitives; ``None`` in place of the rule: there is no derivative.
        scratch: ``scratch(*types, **params) -> (type, ...)``, work arrays that ``bind`` wants.
        view: ``view(*arrays, **params) -> array or None``, the output as a view of the first input where that
            costs nothing; ``None`` when it has to be computed.
        inplace: positions of inputs whose memory the first output may take over when shape and dtype agree and
            nobody reads the input later.
        cuts: ``cuts(input types, output type, params) -> [Cut, ...]``, how an equation may be cut into independent
            pieces (``primitives/batching.py`` has it for kcore's own); ``None``: it needs its whole input.
        prune: ``prune(equation, used) -> equation``, the equation without the outputs that are not used; for
            primitives whose number of outputs can vary.
    """

    name: str
    infer: Callable[..., tuple[ArrayType, ...]]
    bind: Callable[..., Thunk]
    vjp: Callable[..., Sequence[Any]] | None = None
    scratch: Callable[..., Sequence[ArrayType]] | None = None
    view: Callable[..., Array | None] | None = None
    inplace: tuple[int, ...] = ()
    cuts: Callable[[Sequence[ArrayType], ArrayType, Mapping[str, Any]], list[Cut]] | None = None
    prune: Callable[[Equation, Sequence[bool]], Equation] | None = None

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def no_gradient(cotangents: Any, inputs: Sequence[Any], outputs: Any, **params: Any) -> Sequence[Any]:
    """The rule of primitives that are constant almost everywhere: the gradient is zero, not an error."""
    return (None,) * len(inputs)
