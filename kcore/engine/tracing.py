"""Tracing: component code runs on tracers, and every operation on them becomes an equation."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from kcore.engine.array_interface import ArrayInterface, refuse_concrete
from kcore.engine.eager import evaluate
from kcore.engine.primitive import Primitive
from kcore.engine.program import Equation, Program, Value
from kcore.engine.promotion import weak_scalars
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import TracingError, UnsupportedOperationError, VariableValueError

ufunc_table: dict[np.ufunc, Callable[..., Any]] = {}
"""What a NumPy ufunc does on traced arrays; filled by the modules of ``primitives``."""

ufunc_reductions: dict[np.ufunc, Callable[..., Any]] = {}
"""``np.add.reduce`` and its like, as functions of traced arrays."""

function_table: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What a NumPy function does on traced arrays; filled by ``numpy_functions``."""

_stack = threading.local()


def current_trace() -> Trace | None:
    """The trace that is being written in this thread, if any."""
    traces: list[Trace] | None = getattr(_stack, "traces", None)
    return traces[-1] if traces else None


class Trace:
    """A program being written.

    Attributes:
        inputs: values that the caller of the program provides.
        equations: what was recorded so far.
        constants: arrays that the code brought along.
        state: each variable that was read or assigned, with the value it has when the program starts.
        updates: each variable that was assigned, with the tracer of its newest value.
        captured: for the body of a loop, what it took from the traces around it: by the value there its tracer, and its
            name here.

    Args:
        inside: the trace in whose loop this one writes the body, if it may take values from there.
    """

    def __init__(self, inside: Trace | None = None) -> None:
        self.inputs: list[Value] = []
        self.equations: list[Equation] = []
        self.constants: dict[Value, Array] = {}
        self.state: dict[Variable, Value] = {}
        self.updates: dict[Variable, Tracer] = {}
        self.captured: dict[Value, tuple[Tracer, Value]] = {}
        self._inside = inside
        self._scalars: dict[tuple[bytes, np.dtype[Any]], Value] = {}

    @contextmanager
    def active(self) -> Iterator[Trace]:
        """Make this the trace that records; the one before comes back even when the code fails."""
        traces: list[Trace] = _stack.__dict__.setdefault("traces", [])
        traces.append(self)
        try:
            yield self
        finally:
            traces.pop()

    def add_input(self, type: ArrayType) -> Tracer:
        value = Value(type)
        self.inputs.append(value)
        return Tracer(self, value)

    def value_of(self, operand: Any) -> Value:
        """The program's value for anything code may hand to an operation."""
        if isinstance(operand, Tracer):
            if operand.trace is not self:
                if self._surrounds(operand.trace):
                    return self._capture(operand)
                raise TracingError(
                    problem="A traced array was used outside the trace that made it.",
                    advice="Traced arrays live while one step is traced: return them, or keep them in a Variable "
                    "with assign(), instead of storing them on an object.",
                )
            return operand.value
        if isinstance(operand, Variable):
            return self.read(operand).value
        return self._constant(np.asarray(operand))

    def _surrounds(self, trace: Trace) -> bool:
        outer = self._inside
        while outer is not None and outer is not trace:
            outer = outer._inside
        return outer is not None

    def _capture(self, operand: Tracer) -> Value:
        if operand.value not in self.captured:
            self.captured[operand.value] = (operand, Value(operand.value.type))
        return self.captured[operand.value][1]

    def _constant(self, array: Array) -> Value:
        if array.dtype.kind not in "biuf":
            raise TracingError(
                problem=f"An array of dtype {array.dtype} met a traced array.",
                advice="Programs compute with bool, integer and floating dtypes.",
            )
        if array.ndim == 0:
            key = (array.tobytes(), array.dtype)
            if key not in self._scalars:
                self._scalars[key] = self._new_constant(array)
            return self._scalars[key]
        return self._new_constant(array)

    def _new_constant(self, array: Array) -> Value:
        value = Value(ArrayType.of(array))
        # A copy: the caller may write into its array later, the program must not change with it.
        if array.size and not any(array.strides):
            # One number repeated stays one number in memory.
            self.constants[value] = np.broadcast_to(np.array(array[(0,) * array.ndim]), array.shape)
        else:
            self.constants[value] = np.array(array, order="C")
        return value

    def read(self, variable: Variable) -> Tracer:
        """The variable's newest value at this point of the program."""
        newest = self.updates.get(variable)
        return newest if newest is not None else Tracer(self, self.initial(variable))

    def initial(self, variable: Variable) -> Value:
        """The variable's value when the program starts."""
        value = self.state.get(variable)
        if value is None:
            value = self.state[variable] = Value(ArrayType(variable.shape, variable.dtype))
        return value

    def assign(self, variable: Variable, new: Any) -> None:
        tracer = Tracer(self, self.value_of(new))
        if tracer.shape != variable.shape:
            raise VariableValueError(
                variable=variable.name, aspect="shape", expected=variable.shape, given=tracer.shape
            )
        self.initial(variable)
        self.updates[variable] = tracer if tracer.dtype == variable.dtype else tracer.astype(variable.dtype)

    def emit(self, primitive: Primitive, operands: Sequence[Any], params: dict[str, Any]) -> Any:
        """Record one equation and return its tracer, or a tuple of them."""
        inputs = [self.value_of(operand) for operand in operands]
        types = primitive.infer(*(value.type for value in inputs), **params)
        outputs = [Value(type) for type in types]
        self.equations.append(Equation(primitive, inputs, outputs, params))
        tracers = tuple(Tracer(self, value) for value in outputs)
        return tracers[0] if len(tracers) == 1 else tracers

    def program(self, outputs: Sequence[Any]) -> Program:
        """The program so far: inputs, then state; ``outputs``, then the new values of assigned variables."""
        values = [self.value_of(output) for output in outputs]
        values += [tracer.value for tracer in self.updates.values()]
        return Program([*self.inputs, *self.state.values()], self.constants, self.equations, values)


class Tracer(ArrayInterface):
    """A value of the program being traced: has a shape and a dtype, but no numbers yet."""

    __slots__ = ("trace", "value")

    def __init__(self, trace: Trace, value: Value) -> None:
        self.trace = trace
        self.value = value

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return self.value.type.shape

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        return self.value.type.dtype

    def __getitem__(self, index: Any) -> Any:
        return function_table[np.ndarray.__getitem__](self, index)

    def astype(self, dtype: npt.DTypeLike, copy: bool = True) -> Any:
        return function_table[np.ndarray.astype](self, dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        refuse_concrete("np.asarray")

    def __bool__(self) -> NoReturn:  # noqa: PLE0304
        refuse_concrete("A Python condition (if, while, and, or)")

    def __float__(self) -> NoReturn:
        refuse_concrete("float()")

    def __int__(self) -> NoReturn:
        refuse_concrete("int()")

    def __index__(self) -> NoReturn:  # noqa: PLE0305
        refuse_concrete("Using an array as an index or a size")

    def item(self) -> NoReturn:
        refuse_concrete("item()")

    def tolist(self) -> NoReturn:
        refuse_concrete("tolist()")

    # Identity decides whether two tracers are the same; == compares element by element, as arrays do.
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<traced {self.value.type}>"


class Variable(ArrayInterface):
    """A named array that lives from step to step: a weight, an optimizer's slot, a metric's sum.

    In eager code it acts as its array. While a program is traced, reading it makes it an input of the program and
    ``assign`` makes its new value an output, written in place when the program runs.

    Args:
        value: the first value, any array-like; it is copied.
        name: as shown in summaries and files.
        trainable: whether training may change it.
        dtype: of the variable; the value's own by default.

    Attributes:
        shared: whether it shows a part of another variable.
    """

    def __init__(
        self, value: Any, *, name: str = "variable", trainable: bool = True, dtype: npt.DTypeLike | None = None
    ) -> None:
        self.name = name
        self.trainable = trainable
        self._value: Array = np.array(value, dtype=dtype, order="C")
        self.shared = False

    @classmethod
    def part_of(cls, whole: Variable, start: int, shape: tuple[int, ...], name: str) -> Variable:
        """A variable that shows elements of another one, of one axis, from ``start`` on, in a shape of its own.

        One program must not use both: it would not know that they share memory.
        """
        part = cls(0, name=name, trainable=whole.trainable)
        part._value = whole.value[start : start + math.prod(shape)].reshape(shape)
        part.shared = True
        return part

    def __getstate__(self) -> dict[str, Any]:
        # What is pickled or copied has memory of its own.
        return {**self.__dict__, "shared": False}

    @property
    def value(self) -> Array:
        """The array itself. It stays the same object, as plans hold on to it; ``assign`` changes what is in it."""
        return self._value

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        return self.value.dtype

    def assign(self, value: Any) -> None:
        """Give the variable a new value of the same shape; the dtype is converted.

        Raises:
            VariableValueError: the shapes differ.
        """
        trace = current_trace()
        if trace is not None:
            trace.assign(self, value)
            return
        array = np.asarray(value)
        if array.shape != self.value.shape:
            raise VariableValueError(variable=self.name, aspect="shape", expected=self.shape, given=array.shape)
        # In place: plans that were made hold on to this buffer.
        np.copyto(self.value, array, casting="unsafe")

    def numpy(self) -> Array:
        """A copy of the present value."""
        return self.value.copy()

    def __getitem__(self, index: Any) -> Any:
        return current_value(self)[index]

    def astype(self, dtype: npt.DTypeLike, copy: bool = True) -> Any:
        return current_value(self).astype(dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if current_trace() is not None:
            refuse_concrete(f"np.asarray of variable {self.name!r}")
        return np.array(self.value, dtype=dtype, copy=copy)

    def __float__(self) -> float:
        return float(self.value) if current_trace() is None else refuse_concrete("float()")

    def __int__(self) -> int:
        return int(self.value) if current_trace() is None else refuse_concrete("int()")

    def __bool__(self) -> bool:
        return bool(self.value) if current_trace() is None else refuse_concrete("A Python condition")

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Variable {self.name} {ArrayType.of(self.value)}>"


def current_value(variable: Variable) -> Any:
    """The variable's tracer while a program is traced, its array otherwise."""
    trace = current_trace()
    return variable.value if trace is None else trace.read(variable)


def is_traced(operand: Any) -> bool:
    """Whether an operation on this operand belongs into the program being traced."""
    return isinstance(operand, Tracer) or (isinstance(operand, Variable) and current_trace() is not None)


def apply(primitive: Primitive, *operands: Any, **params: Any) -> Any:
    """Record ``primitive`` if an operand is traced, compute it at once if all are concrete."""
    if any(is_traced(operand) for operand in operands):
        return _active_trace().emit(primitive, operands, params)
    return evaluate(primitive, [concrete(operand) for operand in operands], params)


def _active_trace() -> Trace:
    trace = current_trace()
    if trace is None:
        raise TracingError(
            problem="A traced array was used after its trace had ended.",
            advice="Return it from the traced function, or keep it in a Variable with assign().",
        )
    return trace


def concrete(operand: Any) -> Array:
    """The operand as an array that holds numbers."""
    return operand.value if isinstance(operand, Variable) else np.asarray(operand)


def call_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """NumPy's ``__array_ufunc__`` for tracers and variables."""
    outs = kwargs.get("out", ())
    traced = any(is_traced(operand) for operand in inputs)
    if any(out is not None and (traced or isinstance(out, ArrayInterface)) for out in outs):
        raise UnsupportedOperationError(
            operation=f"np.{ufunc.__name__} with out=, or {ufunc.__name__} as in-place assignment,",
            reason="values of a program are written once",
            advice="Write x = x + y instead of x += y; a Variable takes its new value with assign().",
        )
    if not traced:
        arrays = [operand.value if isinstance(operand, Variable) else operand for operand in inputs]
        return getattr(ufunc, method)(*arrays, **kwargs)
    if method == "reduce" and ufunc in ufunc_reductions:
        return ufunc_reductions[ufunc](*inputs, **kwargs)
    implementation = ufunc_table.get(ufunc)
    if implementation is None or method != "__call__":
        name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        raise UnsupportedOperationError(
            operation=name, advice="Express it with the functions of NumPy that are traced, or with kcore.ops."
        )
    dtype = kwargs.pop("dtype", None)
    if kwargs:
        raise UnsupportedOperationError(
            operation=f"np.{ufunc.__name__}",
            reason=f"the argument {next(iter(kwargs))!r} has no traced form",
            advice="Use np.where for a masked result.",
        )
    operands = weak_scalars(ufunc, inputs)
    if dtype is not None:
        operands = [function_table[np.ndarray.astype](operand, dtype) for operand in operands]
    return implementation(*operands)


def call_function(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """NumPy's ``__array_function__`` for tracers and variables."""
    if current_trace() is None and not _contains(args, kwargs, Tracer):
        return function(*_concrete_tree(args), **{key: _concrete_tree(value) for key, value in kwargs.items()})
    implementation = function_table.get(function)
    if implementation is None:
        raise UnsupportedOperationError(
            operation=f"np.{getattr(function, '__name__', function)}",
            advice="Express it with the functions of NumPy that are traced, or with kcore.ops.",
        )
    return implementation(*args, **kwargs)


def _contains(args: Any, kwargs: Any, kind: type) -> bool:
    def found(item: Any) -> bool:
        return isinstance(item, kind) or (isinstance(item, list | tuple) and any(map(found, item)))

    return found(tuple(args)) or found(tuple(kwargs.values()))


def _concrete_tree(item: Any) -> Any:
    if isinstance(item, Variable):
        return item.value
    if isinstance(item, list | tuple):
        return [_concrete_tree(part) for part in item] if isinstance(item, list) else tuple(map(_concrete_tree, item))
    return item
