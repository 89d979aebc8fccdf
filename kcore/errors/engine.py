"""Errors of the engine room: tracing, shapes, programs, differentiation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kcore.errors.base import KcoreError


def _shapes(shapes: Sequence[tuple[int | None, ...]]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)


class OperandError(KcoreError, ValueError):
    """Operands whose shapes or dtypes an operation cannot combine."""

    def __init__(self, *, operation: str, shapes: Sequence[tuple[int, ...]], reason: str) -> None:
        super().__init__(
            f"{operation} cannot take operands of shape {_shapes(shapes)}: {reason}.",
            operation=operation,
            shapes=tuple(shapes),
            reason=reason,
        )


class TracingError(KcoreError, TypeError):
    """Code asked a traced array for something only a concrete array has, or used it outside its trace."""

    def __init__(self, *, problem: str, advice: str) -> None:
        super().__init__(f"{problem} {advice}", problem=problem, advice=advice)


class UnsupportedOperationError(KcoreError, TypeError):
    """A NumPy function, or an argument of one, that the engine cannot trace."""

    def __init__(self, *, operation: str, reason: str = "it has no traced form", advice: str) -> None:
        super().__init__(
            f"{operation} was called on a traced array, but {reason}. {advice}",
            operation=operation,
            reason=reason,
            advice=advice,
        )


class IllegalProgramError(KcoreError, ValueError):
    """A program that breaks a rule of legality; the pass or the primitive that wrote it is wrong."""

    def __init__(self, *, rule: str, where: str) -> None:
        super().__init__(f"Illegal program: {rule} ({where}).", rule=rule, where=where)


class NotDifferentiableError(KcoreError, TypeError):
    """A gradient was asked through, or with respect to, something that has none."""

    def __init__(self, *, subject: str, reason: str, advice: str = "") -> None:
        text = f"Cannot differentiate {subject}: {reason}."
        super().__init__(f"{text} {advice}".rstrip(), subject=subject, reason=reason, advice=advice)


class VariableValueError(KcoreError, ValueError):
    """A value that does not fit the variable it is assigned to."""

    def __init__(self, *, variable: str, expected: Any, given: Any, aspect: str) -> None:
        super().__init__(
            f"Variable {variable!r} has {aspect} {expected}, but the value assigned to it has {aspect} {given}.",
            variable=variable,
            expected=expected,
            given=given,
            aspect=aspect,
        )


class GradientMismatchError(KcoreError, AssertionError):
    """A derivative rule that finite differences contradict.

    Attributes: `function` (its name), `argument` (position among the arrays of the arguments), `order` (1: the
    gradient, 2: the gradient of the gradient), `expected` (from finite differences), `found` (from the rules).
    """

    def __init__(self, *, function: str, argument: int, order: int, expected: Any, found: Any) -> None:
        super().__init__(
            f"The derivative of order {order} of {function} with respect to array {argument} of its arguments is "
            f"wrong: finite differences along a random direction give {expected}, the derivative rules give {found}. "
            f"Check the vjp rules of the primitives it uses, or choose a point where the function is smooth.",
            function=function,
            argument=argument,
            order=order,
            expected=expected,
            found=found,
        )
