"""An example of each primitive, and more than one where it has several ways to work: operands and parameters.

What should come out is not said here: backends are compared with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore.engine import primitives
from kcore.engine.looping import scan
from kcore.engine.primitive import Primitive
from kcore.engine.tracing import apply
from kcore.engine.types import Array

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Example:
    """One way to use a primitive.

    Attributes:
        primitive: its name.
        shapes: of the operands.
        kinds: of the operands, a letter each: ``f`` floating (in the dtype that is tried), ``s`` the same with NaN,
            infinite numbers and -0, ``i`` integers from 0 to 6, ``b`` bool, ``w`` uint8 from 0 to 3, ``k`` the key of
            random numbers; all floating by default.
        params: the static parameters.
        low, high: bounds of the floating operands.
        smooth: whether it has a derivative to compare, with respect to the floating operands.
        function: what is computed with the operands, if it is more than the primitive.
    """

    primitive: str
    shapes: Sequence[Shape] = ((4, 3),)
    kinds: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    smooth: bool = True
    function: Callable[..., Any] | None = None

    def __str__(self) -> str:
        shapes = "-".join("x".join(map(str, shape)) or "scalar" for shape in self.shapes)
        return f"{self.primitive}-{self.kinds}-{shapes}" if self.kinds else f"{self.primitive}-{shapes}"

    def operands(self, dtype: str) -> list[Array]:
        """The same ones at every call, but for rounding also in every dtype."""
        rng = np.random.default_rng(11)
        return [
            self._drawn(kind, shape, dtype, rng)
            for kind, shape in zip(self.kinds or "f" * len(self.shapes), self.shapes, strict=True)
        ]

    def _drawn(self, kind: str, shape: Shape, dtype: str, rng: np.random.Generator) -> Array:
        if kind in "fs":
            drawn = np.asarray(rng.uniform(self.low, self.high, shape)).astype(dtype)
            if kind == "s":
                drawn.reshape(-1)[:6] = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0][: drawn.size]
            return drawn
        if kind == "k":
            return np.array([23, 5], np.uint64)
        below, name = {"i": (7, "int64"), "b": (2, "bool"), "w": (4, "uint8")}[kind]
        return rng.integers(0, below, shape).astype(name)

    def floating(self) -> list[int]:
        """The positions of floating operands."""
        return [number for number, kind in enumerate(self.kinds or "f" * len(self.shapes)) if kind == "f"]

    def __call__(self, *operands: Any) -> Any:
        """The outputs, for arrays or traced arrays."""
        if self.function is not None:
            return self.function(*operands)
        return apply(registered_primitives()[self.primitive], *operands, **self.params)


def registered_primitives() -> dict[str, Primitive]:
    """Every primitive of the engine, by name, also those that its modules keep in dictionaries."""
    found: dict[str, Primitive] = {}
    for name in primitives.__all__:
        for value in vars(getattr(primitives, name)).values():
            for item in value.values() if isinstance(value, dict) else [value]:
                if isinstance(item, Primitive):
                    found[item.name] = item
    return found


def _unary(names: str, low: float = -2.0, high: float = 2.0, **rest: Any) -> list[Example]:
    return [Example(name, low=low, high=high, **rest) for name in names.split()]


def _binary(names: str, low: float = -2.0, high: float = 2.0, **rest: Any) -> list[Example]:
    """Equal shapes, and each operand broadcast."""
    pairs = (((4, 3), (4, 3)), ((4, 1), (3,)), ((), (4, 3)))
    return [Example(name, pair, low=low, high=high, **rest) for name in names.split() for pair in pairs]


def _reduced(names: str, **rest: Any) -> list[Example]:
    choices = (((1,), False), ((0, 2), True), ((), False), ((0, 1, 2), False))
    return [
        Example(name, ((4, 2, 3),), params={"axes": axes, "keepdims": keepdims}, **rest)
        for name in names.split()
        for axes, keepdims in choices
    ]


def _convolution(x: Shape, kernel: Shape, output: Shape, **params: Any) -> list[Example]:
    """The convolution and both gradients."""
    dimensions = len(kernel) - 2
    plain = {"strides": (1,) * dimensions, "padding": ((0, 0),) * dimensions, "dilation": (1,) * dimensions}
    given = {**plain, "groups": 1, **params}
    return [
        Example("conv", (x, kernel), params=given),
        Example("conv_input_gradient", (output, kernel), params={**given, "input_shape": x}),
        Example("conv_kernel_gradient", (x, output), params={**given, "kernel_shape": kernel}),
    ]


def _pooling(x: Shape, output: Shape, **window: Any) -> list[Example]:
    return [
        Example("max_pool", (x,), params=window),
        Example("max_pool_winner", (x, output), "ii", window, smooth=False),
        Example("max_pick", (x, output), "fw", window),
        Example("max_unpool", (output, output), "fw", {**window, "input_shape": x}),
        Example("average_pool", (x,), params=window),
        Example("average_unpool", (output,), params={**window, "input_shape": x}),
    ]


def _recurrent(reverse: bool) -> Callable[..., Any]:
    """A loop with a kernel, a carry that is also a result, a counter, and slices."""

    def function(x: Any, start: Any, kernel: Any) -> Any:
        def body(carry: Any, row: Any) -> Any:
            hidden, count = carry
            new = np.tanh(row + hidden @ kernel)
            return (new, count + 1), (new, hidden * row)

        (last, count), (hidden, products) = scan(body, (start, np.int64(0)), x, None, reverse)
        return last, count, hidden, products

    return function


def _products(scales: Any) -> Any:
    """A loop without slices, in a loop."""

    def outer(total: Any, scale: Any) -> Any:
        inner, _ = scan(lambda value, _: (value * scale + total, None), scale, None, 3, False)
        return total + inner, inner

    return scan(outer, np.zeros(scales.shape[1:], scales.dtype), scales, None, False)


STEP = {"strides": (2, 1), "padding": ((1, 1), (0, 2)), "dilation": (1, 2)}
FLAT: dict[str, Any] = {"smooth": False}
PLANE = {"size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
OVERLAP = {"size": (3, 2), "strides": (1, 2), "padding": ((1, 1), (0, 1))}

EXAMPLES: list[Example] = [
    *_unary("negative absolute exp expm1 exp2 square sin cos arctan sinh cosh tanh relu sigmoid"),
    *_unary("log log2 log10 sqrt reciprocal", 0.2, 3.0), *_unary("log1p", -0.8), *_unary("tan", -1.2, 1.2),
    *_unary("erfc", -4.0, 4.0), *_unary("sign floor ceil rint trunc logical_not", **FLAT),
    *_unary("isnan isinf isfinite signbit", kinds="s", **FLAT), Example("invert", kinds="i", **FLAT),
    *_binary("add subtract multiply maximum minimum logaddexp"), *_binary("divide remainder power", 0.3),
    *_binary("floor_divide", 0.5, **FLAT), *_binary("maximum minimum add", kinds="ii", **FLAT),
    *_binary("equal not_equal less less_equal greater greater_equal", kinds="ss", **FLAT),
    *_binary("equal less_equal bitwise_and bitwise_or bitwise_xor left_shift right_shift", kinds="ii", **FLAT),
    *_binary("logical_and logical_or logical_xor", kinds="bb", **FLAT),
    *(Example("cast", params={"dtype": dtype}, smooth=dtype[0] == "f") for dtype in ("float32", "float64", "int64")),
    *(Example("cast", kinds=kind, params={"dtype": dtype}, **FLAT)
      for kind, dtype in (("i", "float32"), ("f", "bool"), ("b", "float64"), ("i", "uint8"))),
    Example("select", ((4, 3),) * 3, "bff"), Example("select", ((4, 1), (3,), ()), "bff"),
    Example("alias"), Example("stop_gradient", **FLAT),
    Example("reshape", ((4, 2, 3),), params={"shape": (3, 4, 2)}),
    Example("transpose", ((4, 2, 3),), params={"axes": (1, 2, 0)}),
    Example("broadcast_to", ((4, 1),), params={"shape": (2, 4, 3)}),
    Example("slice", ((4, 5),), params={"region": ((0, 4, 1), (4, 3, -2))}),
    Example("place", ((4, 2),), params={"regions": (((0, 4, 1), (3, 2, -2)),), "shape": (4, 5)}),
    Example("place", ((4, 2), (4, 3)),
            params={"regions": (((0, 4, 1), (3, 2, 1)), ((0, 4, 1), (0, 3, 1))), "shape": (4, 5)}),
    Example("concatenate", ((4, 1), (4, 3), (4, 0)), params={"axis": 1}),
    Example("matmul", ((4, 3), (3, 2))), Example("matmul", ((4, 2, 3), (1, 3, 5))),
    Example("matmul", ((40, 70), (70, 50))),
    *_reduced("sum prod max min"), *_reduced("any all", kinds="b", **FLAT), *_reduced("sum max", kinds="i", **FLAT),
    *(Example(name, ((4, 3, 2),), params={"axis": axis}, **FLAT) for name in ("argmax", "argmin") for axis in (1, 2)),
    *_convolution((4, 5, 2), (3, 2, 3), (4, 3, 3)), *_convolution((4, 5, 4, 2), (3, 2, 2, 3), (4, 3, 4, 3), **STEP),
    *_convolution((4, 5, 4, 4), (3, 2, 2, 6), (4, 3, 4, 6), **STEP, groups=2),
    *_convolution((4, 5, 4, 3), (3, 2, 1, 6), (4, 3, 4, 6), **STEP, groups=3),
    *_convolution((4, 3, 4, 3, 2), (2, 2, 2, 2, 1), (4, 2, 3, 2, 1)), *_convolution((4, 4, 4), (1, 4, 2), (4, 4, 2)),
    *_pooling((4, 5, 4, 2), (4, 2, 2, 2), **PLANE), *_pooling((4, 4, 3, 2), (4, 4, 2, 2), **OVERLAP),
    Example("wrap_index", kinds="i", params={"size": 7}, **FLAT),
    Example("gather", ((8, 3), (4, 2)), "fi", {"axis": 0}), Example("gather", ((4, 8, 2), (3,)), "fi", {"axis": 1}),
    Example("scatter_add", ((4, 2, 3), (4, 2)), "fi", {"axis": 0, "size": 7}),
    Example("scatter_add", ((4, 6, 2), (6,)), "fi", {"axis": 1, "size": 8}),
    *(Example(name, ((4, 5, 2),), params={"axis": axis, "reverse": reverse})
      for name in ("cumsum", "cumprod") for axis, reverse in ((1, False), (2, True), (0, False))),
    *(Example("sort", ((4, 5, 2),), params={"axis": axis}) for axis in (0, 1)),
    *(Example("argsort", ((4, 5, 2),), kinds, {"axis": axis}, **FLAT) for axis in (0, 1) for kinds in ("f", "i", "b")),
    *(Example(name, ((2,),), "k", {"shape": (4, 3), "dtype": dtype}, **FLAT)
      for name in ("random_uniform", "random_normal") for dtype in ("float32", "float64")),
    Example("scan", ((6, 4, 3), (4, 3), (3, 3)), function=_recurrent(False)),
    Example("scan", ((6, 4, 3), (4, 3), (3, 3)), function=_recurrent(True)),
    Example("scan", ((5, 3),), function=_products),
]  # fmt: skip
