"""Every primitive against a formula: values, shapes, planning, memory layout, gradients, allocation.

The table has a case for each primitive; one without a case fails ``test_every_primitive_has_a_case``.
"""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction, Primitive, apply, grad, primitives
from kcore.engine.eager import evaluate
from kcore.engine.types import ArrayType
from kcore.testing import check_gradients

MODULES = [getattr(primitives, name) for name in primitives.__all__]


def found_primitives() -> dict[str, Primitive]:
    """Every primitive that a module of the package holds, by name, also those kept in a dictionary."""
    found: dict[str, Primitive] = {}
    for module in MODULES:
        for value in vars(module).values():
            for item in value.values() if isinstance(value, dict) else [value]:
                if isinstance(item, Primitive):
                    assert found.setdefault(item.name, item) is item, f"two primitives are named {item.name}"
    return found


PRIMITIVES = found_primitives()


@dataclass(frozen=True)
class Case:
    """Operands as shapes ("B" is the batch) and kinds (float, int, bool, key), and what should come out."""

    primitive: str
    reference: Callable[..., Any]
    shapes: tuple[tuple[Any, ...], ...] = (("B", 3),)
    kinds: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    smooth: bool = True
    empty: bool = True
    bits: bool = False
    bound: int = 3000
    """Bytes that a run may allocate, whatever the batch."""

    def __str__(self) -> str:
        return f"{self.primitive}-{'-'.join('x'.join(map(str, shape)) or 'scalar' for shape in self.shapes)}"

    def operands(self, dtype: str = "float64", batch: int = 4) -> list[np.ndarray]:
        rng = np.random.default_rng(7)
        made: list[np.ndarray] = []
        for kind, shape in zip(self.kinds or "f" * len(self.shapes), self.shapes, strict=True):
            size = tuple(batch if entry == "B" else entry for entry in shape)
            if kind == "f":
                made.append(rng.uniform(self.low, self.high, size).astype(dtype))
            elif kind == "k":
                made.append(np.array([11, 3], np.uint64))
            elif kind == "w":
                made.append(rng.integers(0, 4, size).astype(np.uint8))
            else:
                made.append(rng.integers(0, 2 if kind == "b" else 7, size).astype("?" if kind == "b" else "i8"))
        return made

    def static(self, batch: int = 4) -> dict[str, Any]:
        def fill(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(fill, value))
            return batch if isinstance(value, str) and value == "B" else value

        return {key: fill(value) for key, value in self.params.items()}

    def function(self, batch: int = 4) -> Callable[..., Any]:
        return lambda *operands: apply(PRIMITIVES[self.primitive], *operands, **self.static(batch))


def each(function: Callable[..., Any], dtype: Any = float) -> Callable[..., np.ndarray]:
    """A formula for numbers, element by element."""
    return np.vectorize(function, otypes=[dtype])


def unary(name: str, formula: Callable[..., Any], low: float = -2.0, high: float = 2.0, **rest: Any) -> Case:
    return Case(name, each(formula), low=low, high=high, **rest)


def binary(name: str, formula: Callable[..., Any], dtype: Any = float, **rest: Any) -> list[Case]:
    """Equal shapes, and both operands broadcast."""
    shapes = [(("B", 3), ("B", 3)), (("B", 3), (3,)), (("B", 1), (1, 3)), ((), ("B", 3))]
    return [Case(name, each(formula, dtype), shapes=pair, **rest) for pair in shapes]


def padded(x: np.ndarray, padding: Any, value: float = 0.0) -> np.ndarray:
    return np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value)


def inside(source: np.ndarray, shape: Sequence[int], padding: Any) -> np.ndarray:
    """What ``padded`` was made from."""
    return source[(slice(None), *(slice(low, low + n) for n, (low, _) in zip(shape[1:-1], padding, strict=True)))]


def links(output: Any, kernel: Any, *, strides: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """What meets in a convolution: (index of the padded input, of the kernel, of the output), by group and position."""
    for group, offset, to in itertools.product(range(groups), np.ndindex(*kernel[:-2]), np.ndindex(*output)):
        inner, outer = (slice(group * n, (group + 1) * n) for n in (kernel[-2], kernel[-1] // groups))
        at = [p * s + o * d for p, s, o, d in zip(to, strides, offset, dilation, strict=True)]
        yield (slice(None), *at, inner), (*offset, slice(None), outer), (slice(None), *to, outer)


def conv(x: Any, k: Any, **params: Any) -> np.ndarray:
    source = padded(x, params["padding"])
    sizes = zip(source.shape[1:-1], k.shape[:-2], params["strides"], params["dilation"], strict=True)
    output = [(n - (size - 1) * d - 1) // s + 1 for n, size, s, d in sizes]
    result = np.zeros((x.shape[0], *output, k.shape[-1]), x.dtype)
    for at, tap, to in links(output, k.shape, **params):
        result[to] += source[at] @ k[tap]
    return result


def conv_input_gradient(g: Any, k: Any, *, input_shape: Any, **params: Any) -> np.ndarray:
    result = padded(np.zeros(input_shape, g.dtype), params["padding"])
    for at, tap, to in links(g.shape[1:-1], k.shape, **params):
        result[at] += g[to] @ k[tap].T
    return inside(result, input_shape, params["padding"])


def conv_kernel_gradient(x: Any, g: Any, *, kernel_shape: Any, **params: Any) -> np.ndarray:
    source, result = padded(x, params["padding"]), np.zeros(kernel_shape, x.dtype)
    for at, tap, to in links(g.shape[1:-1], kernel_shape, **params):
        result[tap] += source[at].T @ g[to]
    return result


def windows(x: Any, size: Any, strides: Any, padding: Any) -> np.ndarray:
    """(batch, *output, position in the window, channels); nan in the padding."""
    axes = tuple(range(1, len(size) + 1))
    slid = np.lib.stride_tricks.sliding_window_view(padded(x.astype(float), padding, np.nan), size, axes)
    kept = slid[(slice(None), *(slice(None, None, step) for step in strides))]
    return np.swapaxes(kept.reshape(*kept.shape[: len(size) + 2], math.prod(size)), -1, -2)


def max_pool(x: Any, **window: Any) -> np.ndarray:
    return np.nanmax(windows(x, **window), axis=-2)


def max_pool_winner(x: Any, pooled: Any, **window: Any) -> np.ndarray:
    """The first element that equals the maximum; the last one where none does."""
    hits = windows(x, **window) == pooled[..., None, :]
    return np.where(hits.any(axis=-2), hits.argmax(axis=-2), hits.shape[-2] - 1)


def max_pick(x: Any, winner: Any, **window: Any) -> np.ndarray:
    return np.take_along_axis(windows(x, **window), winner[..., None, :].astype(int), axis=-2)[..., 0, :]


def max_unpool(g: Any, winner: Any, *, input_shape: Any, size: Any, strides: Any, padding: Any) -> np.ndarray:
    result = padded(np.zeros(input_shape, g.dtype), padding)
    for to in np.ndindex(*g.shape):
        offset = np.unravel_index(winner[to], size)
        at = tuple(p * s + o for p, s, o in zip(to[1:-1], strides, offset, strict=True))
        result[(to[0], *at, to[-1])] += g[to]
    return inside(result, input_shape, padding)


def average_pool(x: Any, **window: Any) -> np.ndarray:
    return np.nanmean(windows(x, **window), axis=-2)


def average_unpool(g: Any, *, input_shape: Any, size: Any, strides: Any, padding: Any) -> np.ndarray:
    """Row by row of the identity: the average's transpose as a matrix."""
    pixels = np.eye(math.prod(input_shape[1:-1])).reshape(-1, *input_shape[1:-1], 1)
    matrix = average_pool(pixels, size=size, strides=strides, padding=padding).reshape(len(pixels), -1)
    return np.einsum("ip,npc->nic", matrix, g.reshape(len(g), -1, g.shape[-1])).reshape(input_shape)


def drawn(method: str) -> Callable[..., np.ndarray]:
    def draw(key: Any, *, shape: Any, dtype: str) -> np.ndarray:
        return getattr(np.random.Generator(np.random.Philox(key=key)), method)(shape, dtype=dtype)

    return draw


def placed(*parts: Any, regions: Any, shape: Any) -> np.ndarray:
    result = np.zeros(shape, parts[0].dtype)
    for x, region in zip(parts, regions, strict=True):
        for index in np.ndindex(*x.shape):
            result[tuple(start + i * step for i, (start, _, step) in zip(index, region, strict=True))] = x[index]
    return result


def sliced(x: Any, *, region: Any) -> np.ndarray:
    return x[np.ix_(*([start + i * step for i in range(count)] for start, count, step in region))]


def reduction(function: Callable[..., Any], name: str, **rest: Any) -> list[Case]:
    choices = [((1,), False), ((0, 2), True), ((), False), ((0, 1, 2), False)]
    return [
        Case(
            name,
            lambda x, axes, keepdims: function(x, axis=axes, keepdims=keepdims),
            shapes=(("B", 2, 3),),
            params={"axes": axes, "keepdims": keepdims},
            **rest,
        )
        for axes, keepdims in choices
    ]


def convolutions(x: Any, kernel: Any, output: Any, params: dict[str, Any]) -> list[Case]:
    """The convolution and both gradients, for shapes without the batch."""
    return [
        Case("conv", conv, (("B", *x), kernel), params=params),
        Case("conv_input_gradient", conv_input_gradient, (("B", *output), kernel),
             params={**params, "input_shape": ("B", *x)}),
        Case("conv_kernel_gradient", conv_kernel_gradient, (("B", *x), ("B", *output)),
             params={**params, "kernel_shape": kernel}),
    ]  # fmt: skip


def gathered(x: Any, positions: Any, *, axis: int) -> np.ndarray:
    """out[a, i, b] = x[a, positions[i], b]."""
    parts = [np.moveaxis(x, axis, 0)[at] for at in positions.reshape(-1)]
    moved = np.array(parts).reshape(*positions.shape, *np.delete(x.shape, axis))
    return np.moveaxis(moved, range(positions.ndim), range(axis, axis + positions.ndim))


def scattered(updates: Any, positions: Any, *, axis: int, size: int) -> np.ndarray:
    """What a product with one-hot positions gives."""
    hot = np.eye(size, dtype=updates.dtype)[positions.reshape(-1)]
    rows = np.moveaxis(updates, range(axis, axis + positions.ndim), range(positions.ndim))
    rows = rows.reshape(positions.size, *rows.shape[positions.ndim :])
    return np.moveaxis(np.tensordot(hot.T, rows, 1), 0, axis)


def accumulated(step: Callable[[Any, Any], Any]) -> Callable[..., np.ndarray]:
    def accumulate(x: Any, *, axis: int, reverse: bool) -> np.ndarray:
        lanes = np.moveaxis(x, axis, 0)[:: -1 if reverse else 1]
        found = np.array(list(itertools.accumulate(lanes, step))).reshape(lanes.shape)
        return np.moveaxis(found[:: -1 if reverse else 1], 0, axis)

    return accumulate


def in_order(x: Any, *, axis: int) -> np.ndarray:
    return np.apply_along_axis(lambda lane: sorted(lane.tolist()), axis, x)


def order_of(x: Any, *, axis: int) -> np.ndarray:
    return np.apply_along_axis(lambda lane: sorted(range(len(lane)), key=lane.tolist().__getitem__), axis, x)


PLAIN = {"strides": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}
STEPPED = {"strides": (2, 1), "padding": ((1, 1), (0, 2)), "dilation": (1, 2), "groups": 1}
WIDE = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
SPACE = {"strides": (1,) * 3, "padding": ((0, 0),) * 3, "dilation": (1,) * 3, "groups": 1}
GROUPED = {**STEPPED, "groups": 2}
DEPTHWISE = {**STEPPED, "groups": 3}
POOL = {"size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
POOL_GAPS = {"size": (2, 1), "strides": (3, 2), "padding": ((1, 0), (0, 0))}
POOL_OVERLAP = {"size": (3, 2), "strides": (1, 2), "padding": ((1, 1), (0, 1))}
INT_PAIR: dict[str, Any] = {"kinds": "ii", "smooth": False, "dtype": int}
FLAT: dict[str, Any] = {"smooth": False}


def one_minus(x: float) -> float:
    return -x


CASES: list[Case] = [
    unary("negative", one_minus), unary("absolute", abs), unary("exp", math.exp), unary("expm1", math.expm1),
    unary("exp2", lambda x: 2.0**x), unary("log", math.log, 0.2), unary("log1p", math.log1p, -0.8),
    unary("log2", math.log2, 0.2), unary("log10", math.log10, 0.2),
    unary("sqrt", math.sqrt, 0.2), unary("square", lambda x: x * x), unary("reciprocal", lambda x: 1 / x, 0.5),
    unary("sin", math.sin), unary("cos", math.cos), unary("tan", math.tan, -1.2, 1.2), unary("arctan", math.atan),
    unary("sinh", math.sinh), unary("cosh", math.cosh), unary("tanh", math.tanh),
    unary("erfc", math.erfc, -4.0, 4.0),
    unary("relu", lambda x: max(x, 0.0)), unary("sigmoid", lambda x: 1 / (1 + math.exp(-x)), -9.0, 9.0),
    *binary("add", lambda x, y: x + y), *binary("subtract", lambda x, y: x - y),
    *binary("multiply", lambda x, y: x * y), *binary("divide", lambda x, y: x / y, low=0.5),
    *binary("power", lambda x, y: x**y, low=0.3), *binary("maximum", max), *binary("minimum", min),
    *binary("logaddexp", lambda x, y: math.log(math.exp(x) + math.exp(y))),
    *binary("remainder", lambda x, y: x - y * math.floor(x / y), low=0.5),
    unary("sign", lambda x: math.copysign(1, x), **FLAT), unary("floor", math.floor, **FLAT),
    unary("ceil", math.ceil, **FLAT), unary("rint", round, **FLAT), unary("trunc", math.trunc, **FLAT),
    *binary("floor_divide", lambda x, y: math.floor(x / y), low=0.5, **FLAT),
    *[Case(name, each(formula, bool), **FLAT) for name, formula in {
        "isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite, "signbit": lambda x: x < 0,
        "logical_not": lambda x: not x}.items()],
    *[case for name, formula in {
        "equal": lambda x, y: x == y, "not_equal": lambda x, y: x != y, "less": lambda x, y: x < y,
        "less_equal": lambda x, y: x <= y, "greater": lambda x, y: x > y, "greater_equal": lambda x, y: x >= y,
        "logical_and": lambda x, y: x and y, "logical_or": lambda x, y: x or y,
        "logical_xor": lambda x, y: bool(x) != bool(y)}.items() for case in binary(name, formula, bool, **FLAT)],
    *[case for name, formula in {
        "bitwise_and": lambda x, y: x & y, "bitwise_or": lambda x, y: x | y, "bitwise_xor": lambda x, y: x ^ y,
        "left_shift": lambda x, y: x << y, "right_shift": lambda x, y: x >> y,
        }.items() for case in binary(name, formula, **INT_PAIR)],
    Case("invert", each(lambda x: ~x, int), kinds="i", smooth=False),
    Case("cast", lambda x, dtype: x.astype(dtype), params={"dtype": "float64"}),
    Case("cast", each(lambda x, dtype: math.trunc(x), int), params={"dtype": "int64"}, smooth=False),
    Case("select", each(lambda c, x, y: x if c else y), (("B", 3),) * 3, "bff"),
    Case("select", each(lambda c, x, y: x if c else y), (("B", 1), (3,), ()), "bff"),
    Case("alias", lambda x: x, bits=True),
    Case("stop_gradient", lambda x: x, smooth=False, bits=True),
    Case("reshape", lambda x, shape: x.reshape(shape), (("B", 2, 3),), params={"shape": (3, "B", 2)}, bits=True),
    Case("transpose", lambda x, axes: np.einsum("abc->bca", x), (("B", 2, 3),), params={"axes": (1, 2, 0)}, bits=True),
    Case("broadcast_to", lambda x, shape: x + np.zeros(shape), (("B", 1),), params={"shape": (2, "B", 3)}),
    Case("slice", sliced, (("B", 5),), params={"region": ((0, "B", 1), (4, 3, -2))}, bits=True),
    Case("place", placed, (("B", 2),), params={"regions": (((0, "B", 1), (3, 2, -2)),), "shape": ("B", 5)}, bits=True),
    Case("place", placed, (("B", 2), ("B", 3)),
         params={"regions": (((0, "B", 1), (3, 2, 1)), ((0, "B", 1), (0, 3, 1))), "shape": ("B", 5)}, bits=True),
    Case("concatenate", lambda *p, axis: np.hstack(p), (("B", 1), ("B", 3), ("B", 0)), params={"axis": 1}, bits=True),
    Case("matmul", lambda x, y: np.einsum("ij,jk->ik", x, y), (("B", 3), (3, 2))),
    Case("matmul", lambda x, y: np.einsum("bij,bjk->bik", x, np.stack([y[0]] * len(x))), (("B", 2, 3), (1, 3, 4))),
    *reduction(np.sum, "sum"), *reduction(np.prod, "prod"),
    *reduction(np.max, "max", empty=False), *reduction(np.min, "min", empty=False),
    *reduction(np.any, "any", kinds="b", smooth=False), *reduction(np.all, "all", kinds="b", smooth=False),
    *[Case(name, lambda x, axis, f=function: f(x, axis=axis), (("B", 3, 2),), params={"axis": axis}, **FLAT)
      for name, function in {"argmax": np.argmax, "argmin": np.argmin}.items() for axis in (1, 2)],
    *convolutions((5, 2), (3, 2, 3), (3, 3), PLAIN), *convolutions((5, 16), (3, 16, 3), (3, 3), PLAIN),
    *convolutions((5, 4, 2), (3, 2, 2, 3), (3, 4, 3), STEPPED), *convolutions((2, 9, 3), (1, 3, 3, 2), (2, 7, 2), WIDE),
    *convolutions((5, 4, 4), (3, 2, 2, 6), (3, 4, 6), GROUPED), *convolutions((2, 9, 4), (1, 3, 2, 4), (2, 7, 4), {**WIDE, "groups": 2}),
    *convolutions((5, 4, 3), (3, 2, 1, 3), (3, 4, 3), DEPTHWISE), *convolutions((5, 4, 3), (3, 2, 1, 6), (3, 4, 6), DEPTHWISE),
    *convolutions((2, 9, 3), (1, 3, 1, 3), (2, 7, 3), {**WIDE, "groups": 3}), *convolutions((4, 4), (1, 2, 6), (4, 6), {**PLAIN, "groups": 2}),
    *convolutions((3, 4, 3, 2), (2, 2, 2, 2, 1), (2, 3, 2, 1), SPACE), *convolutions((4, 4), (1, 4, 2), (4, 2), PLAIN),
    *[case for window, x, output in [
        (POOL, (4, 4, 2), (2, 2, 2)), (POOL, (5, 5, 2), (2, 2, 2)), (POOL_OVERLAP, (4, 3, 2), (4, 2, 2)),
        (POOL_GAPS, (7, 4, 1), (3, 2, 1)), ({"size": (1,), "strides": (1,), "padding": ((0, 0),)}, (3, 2), (3, 2)),
    ] for case in (
        Case("max_pool", max_pool, (("B", *x),), params=window), Case("average_pool", average_pool, (("B", *x),), params=window),
        Case("average_unpool", average_unpool, (("B", *output),), params={**window, "input_shape": ("B", *x)}))],
    Case("max_pool_winner", max_pool_winner, (("B", 4, 4, 1), ("B", 2, 2, 1)), params=POOL, smooth=False),
    Case("max_pool_winner", max_pool_winner, (("B", 4, 4, 1), ("B", 2, 2, 1)), "ii", POOL, smooth=False),
    Case("max_pool_winner", max_pool_winner, (("B", 4, 3, 3), ("B", 4, 2, 3)), "ii", POOL_OVERLAP, smooth=False),
    Case("max_pool_winner", max_pool_winner, (("B", 17, 17, 1), ("B", 1, 1, 1)), "ii", {**POOL, "size": (17, 17)}, smooth=False),
    Case("max_unpool", max_unpool, (("B", 2, 2, 2), ("B", 2, 2, 2)), "fw", {**POOL, "input_shape": ("B", 4, 4, 2)}),
    Case("max_unpool", max_unpool, (("B", 4, 2, 2), ("B", 4, 2, 2)), "fw", {**POOL_OVERLAP, "input_shape": ("B", 4, 3, 2)}),
    Case("max_pick", max_pick, (("B", 4, 4, 2), ("B", 2, 2, 2)), "fw", POOL),
    Case("wrap_index", lambda x, size: x, (("B", 3),), "i", {"size": 7}, smooth=False),
    Case("gather", gathered, ((8, 3), ("B", 2)), "fi", {"axis": 0}, bits=True),
    Case("gather", gathered, (("B", 8, 2), (3,)), "fi", {"axis": 1}, bits=True),
    # The iterator that np.add.at makes has 5 KB; the one that sorting makes, half of it.
    Case("scatter_add", scattered, (("B", 2, 3), ("B", 2)), "fi", {"axis": 0, "size": 7}, bound=6000),
    Case("scatter_add", scattered, (("B", 4, 2), (4,)), "fi", {"axis": 1, "size": 8}, bound=6000),
    Case("scatter_add", scattered, ((2, "B"), ("B",)), "fi", {"axis": 1, "size": 7}, bound=6000),
    *[Case(name, accumulated(step), (("B", 5, 2),), params={"axis": axis, "reverse": reverse})
      for name, step in {"cumsum": lambda a, b: a + b, "cumprod": lambda a, b: a * b}.items()
      for axis, reverse in ((1, False), (2, True), (0, False))],
    *[case for axis in (0, 1) for case in (
      Case("sort", in_order, (("B", 5, 2),), params={"axis": axis}, bits=True, bound=6000),
      Case("argsort", order_of, (("B", 5, 2),), params={"axis": axis}, smooth=False, bits=True, bound=6000),
      Case("argsort", order_of, (("B", 5, 2),), "b", params={"axis": axis}, smooth=False, bits=True, bound=6000))],
    Case("random_uniform", drawn("random"), ((2,),), "k", {"shape": ("B", 3), "dtype": "float32"}, smooth=False, bits=True),
    Case("random_normal", drawn("standard_normal"), ((2,),), "k", {"shape": ("B", 3), "dtype": "float64"}, smooth=False, bits=True),
]  # fmt: skip

CASE = pytest.mark.parametrize("case", CASES, ids=str)
DTYPE = pytest.mark.parametrize("dtype", ["float32", "float64"])


def test_every_primitive_has_a_case() -> None:
    # A loop has a program among its parameters: test_scan.py.
    assert set(PRIMITIVES) - {"scan"} == {case.primitive for case in CASES}


def assert_like(found: np.ndarray, expected: Any, dtype: str, exact: bool = False) -> None:
    rtol = 0.0 if exact else (2e-5 if dtype == "float32" else 1e-12)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


@CASE
@DTYPE
@pytest.mark.parametrize("batch", [0, 1, 4])
def test_eager_values_and_the_shape_rule(case: Case, dtype: str, batch: int) -> None:
    operands = case.operands(dtype, batch)
    primitive, params = PRIMITIVES[case.primitive], case.static(batch)
    if batch == 0 and not case.empty and 0 in case.params["axes"]:
        with pytest.raises(ValueError, match="an empty axis has no such value"):
            evaluate(primitive, operands, params)
        return
    found = evaluate(primitive, operands, params)
    (inferred,) = primitive.infer(*map(ArrayType.of, operands), **params)
    assert ArrayType.of(found) == inferred
    if batch == 0 and found.size == 0:
        return
    expected = case.reference(*operands, **params)
    assert found.shape == np.shape(expected)
    assert_like(found, expected, dtype, case.bits)


@CASE
@DTYPE
def test_planned_equals_eager(case: Case, dtype: str) -> None:
    for batch in (0, 1, 4):
        if batch == 0 and not case.empty:
            continue
        operands = case.operands(dtype, batch)
        planned = CompiledFunction(case.function(batch))
        expected = case.function(batch)(*operands)
        for _ in range(2):
            found = planned(*operands)
            assert ArrayType.of(found) == ArrayType.of(expected)
            assert_like(found, expected, dtype)


@CASE
def test_operands_that_are_not_contiguous(case: Case) -> None:
    operands, expected = case.operands(), case.function()(*case.operands())
    reversed_axes = [np.ascontiguousarray(operand.T) for operand in operands]
    assert_like(case.function()(*(operand.T for operand in reversed_axes)), expected, "float64")
    strided = [np.repeat(operand, 2, axis=-1)[..., ::2] if operand.ndim else operand for operand in operands]
    assert_like(case.function()(*strided), expected, "float64")

    def of_transposed(*values: Any) -> Any:
        return case.function()(*(value.T for value in values))

    assert_like(CompiledFunction(of_transposed)(*reversed_axes), expected, "float64")


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=str)
def test_gradients_to_second_order(case: Case) -> None:
    assert PRIMITIVES[case.primitive].vjp is not None
    check_gradients(case.function(3), case.operands(batch=3), name=str(case))


@pytest.mark.parametrize("case", [case for case in CASES if not case.smooth and "f" in (case.kinds or "f")], ids=str)
def test_gradients_of_what_is_constant_almost_everywhere_are_zero(case: Case) -> None:
    operands = case.operands()

    def total(*values: Any) -> Any:
        return np.sum(case.function()(*values).astype("float64"))

    for found, operand in zip(grad(total, range(len(operands)))(*operands), operands, strict=True):
        np.testing.assert_array_equal(found, np.zeros_like(operand))


@CASE
def test_the_result_may_take_the_memory_of_the_operands_that_the_primitive_names(case: Case) -> None:
    primitive, operands = PRIMITIVES[case.primitive], case.operands()
    expected = case.function()(*operands)
    for position in primitive.inplace:
        if ArrayType.of(operands[position]) != ArrayType.of(expected):
            continue
        arrays = [operand.copy() for operand in operands]
        wanted = primitive.scratch(*map(ArrayType.of, arrays), **case.static()) if primitive.scratch else ()
        scratch = [np.empty(type.shape, type.dtype) for type in wanted]
        with np.errstate(all="ignore"):
            primitive.bind(arrays, [arrays[position]], scratch, **case.static())()
        np.testing.assert_array_equal(arrays[position], expected)


@CASE
def test_a_planned_kernel_allocates_nothing(case: Case) -> None:
    batch = 1024
    operands = case.operands("float32", batch)
    replay = CompiledFunction(case.function(batch)).replay(*map(ArrayType.of, operands))
    for buffer, operand in zip(replay.executable.inputs, operands, strict=True):
        buffer[...] = operand
    assert peak_of(replay.executable.run) < case.bound


def peak_of(run: Callable[[], object]) -> int:
    """Bytes allocated above the level before a run, once everything is warm."""
    tracemalloc.start()
    try:
        run()
        run()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
