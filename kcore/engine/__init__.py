"""The engine room: programs, tracing, differentiation, passes, and the NumPy backend."""

from __future__ import annotations

from kcore.engine import numpy_functions as numpy_functions
from kcore.engine import primitives as primitives
from kcore.engine.autodiff import differentiate as differentiate
from kcore.engine.autodiff import gradients as gradients
from kcore.engine.backend import Backend as Backend
from kcore.engine.backend import Executable as Executable
from kcore.engine.backend import current_backend as current_backend
from kcore.engine.backend import set_backend as set_backend
from kcore.engine.compiled import CompiledFunction as CompiledFunction
from kcore.engine.compiled import TracedFunction as TracedFunction
from kcore.engine.functions import grad as grad
from kcore.engine.functions import value_and_grad as value_and_grad
from kcore.engine.primitive import Primitive as Primitive
from kcore.engine.program import Equation as Equation
from kcore.engine.program import Program as Program
from kcore.engine.program import Value as Value
from kcore.engine.tracing import Trace as Trace
from kcore.engine.tracing import Tracer as Tracer
from kcore.engine.tracing import Variable as Variable
from kcore.engine.tracing import apply as apply
from kcore.engine.tracing import current_trace as current_trace
from kcore.engine.types import Array as Array
from kcore.engine.types import ArrayType as ArrayType
from kcore.engine.types import Shape as Shape
