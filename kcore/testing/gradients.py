"""Check derivative rules against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kcore.engine.compiled import CompiledFunction
from kcore.engine.functions import grad
from kcore.engine.tree import leaves, rebuild
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import GradientMismatchError

STEP = 6e-6
"""About the cube root of float64's precision: there truncation and rounding of a central difference are equal."""


def check_gradients(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    *,
    order: int = 2,
    directions: int = 2,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    seed: int = 0,
    name: str | None = None,
) -> None:
    """Compare the gradients of ``function`` with central finite differences along random directions, in float64.

    The outputs are summed with random weights to one number ``phi``. For every floating argument ``x`` and random unit
    vector ``d``, ``sum(gradient * d)`` must agree with ``(phi(x + h d) - phi(x - h d)) / 2h``. For order 2 the function
    that returns the gradients is checked in the same way, and so on.

    Args:
        function: takes arrays (or nested lists, tuples, dictionaries of them), returns the same. It must be smooth near
            ``arguments`` up to the order that is checked. Outputs that are not floating are left out.
        arguments: where to check. Floating arrays are taken in float64, others are constant.
        order: of the highest derivative to check, from 1.
        directions: how many random directions for each argument.
        rtol, atol: the difference allowed, relative and absolute (in units of 1 + abs(phi)).
        seed: of the random weights and directions.
        name: of the function in error texts; its ``__name__`` by default.

    Raises:
        GradientMismatchError: a gradient is wrong, or has another shape or dtype than its argument.
        InvalidArgumentError: the order is below 1, or nothing is floating.
    """
    label = name or str(getattr(function, "__name__", type(function).__name__))
    if order < 1:
        raise InvalidArgumentError(component="check_gradients", argument="order", value=order, allowed="1, 2, ...")
    points = [_in_float64(leaf) for leaf in leaves(list(arguments))]
    floating = [position for position, point in enumerate(points) if point.dtype.kind == "f"]
    if not floating:
        raise InvalidArgumentError(
            component="check_gradients", argument="arguments", value=arguments, allowed="at least one floating array"
        )

    def flat(*values: Any) -> list[Any]:
        return leaves(function(*rebuild(list(arguments), values)))

    _check(flat, points, floating, 1, order, directions, rtol, atol, np.random.default_rng(seed), label)


def _check(
    function: Callable[..., list[Any]], points: list[Array], floating: list[int], level: int, order: int,
    directions: int, rtol: float, atol: float, rng: np.random.Generator, label: str,
) -> None:  # fmt: skip
    outputs = [np.asarray(output) for output in CompiledFunction(function)(*points)]
    weights = [rng.normal(size=out.shape) if out.dtype.kind == "f" else None for out in outputs]
    if all(weight is None for weight in weights):
        raise InvalidArgumentError(
            component="check_gradients", argument="function", value=label, allowed="a function with a floating output"
        )

    def phi(*values: Any) -> Any:
        return sum(
            np.sum(output * weight)
            for output, weight in zip(function(*values), weights, strict=True)
            if weight is not None
        )

    gradient = grad(phi, floating)
    compiled = CompiledFunction(phi)
    found_gradients = gradient(*points)
    scale = 1.0 + abs(float(compiled(*points)))
    for position, found_gradient in zip(floating, found_gradients, strict=True):
        point = points[position]
        if found_gradient.shape != point.shape or found_gradient.dtype != point.dtype:
            raise GradientMismatchError(
                function=label, argument=position, order=level, expected=f"{point.dtype}{list(point.shape)}",
                found=f"{found_gradient.dtype}{list(found_gradient.shape)}",
            )  # fmt: skip
        for _ in range(directions if point.size else 0):
            direction = rng.normal(size=point.shape)
            direction /= np.linalg.norm(direction)
            ends = [[*points], [*points]]
            for end, sign in zip(ends, (1.0, -1.0), strict=True):
                end[position] = point + sign * STEP * direction
            expected = float(compiled(*ends[0]) - compiled(*ends[1])) / (2 * STEP)
            found = float(np.sum(found_gradient * direction))
            if not abs(expected - found) <= atol * scale + rtol * max(abs(expected), abs(found)):
                raise GradientMismatchError(
                    function=label, argument=position, order=level, expected=expected, found=found
                )
    if level < order:

        def gradients(*values: Any) -> list[Any]:
            return list(gradient(*values))

        _check(gradients, points, floating, level + 1, order, directions, rtol, atol, rng, label)


def _in_float64(leaf: Any) -> Array:
    array = np.asarray(leaf)
    return array.astype(np.float64) if array.dtype.kind == "f" else array
