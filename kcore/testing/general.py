"""The checks that every case of every family has to pass, whatever its component computes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from kcore.engine.backend import set_backend
from kcore.engine.compiled import CompiledFunction
from kcore.engine.random import set_random_seed
from kcore.engine.tree import leaves
from kcore.registry import registry
from kcore.testing.process_state import changes, process_state
from kcore.testing.round_trips import same
from kcore.testing.suites import Suite


def numbers(suite: Suite, case: Any) -> list[Any]:
    """What the case's component computes now, as arrays, with the engine that is set."""
    set_random_seed(11)
    if suite.use is not None:
        return suite.use(case)
    assert suite.traced is not None, f"the suite of {suite.family} does not say how a case is used"
    function, arrays = suite.traced(case)
    return [np.array(one) for one in leaves(CompiledFunction(function)(*arrays))]


def check_inputs(suite: Suite, case: Any) -> None:
    """Used eagerly, the component leaves the arrays that it is given as they are."""
    assert suite.traced is not None
    function, arrays = suite.traced(case)
    before = copy.deepcopy(arrays)
    function(*arrays)
    for one, other in zip(leaves(arrays), leaves(before), strict=True):
        np.testing.assert_array_equal(one, other, err_msg="an array that it was given has other numbers afterwards")


def check_effects(suite: Suite, case: Any) -> None:
    """Used, eagerly and in a program, the component changes nothing for others: no seed, no setting, no environment."""
    # What the first use of anything brings with it is nobody's fault: modules, the engine's threads.
    CompiledFunction(lambda x: x + 1)(np.zeros(3, "float32"))
    before = process_state()
    if suite.traced is not None:
        function, arrays = suite.traced(case)
        function(*arrays)
    numbers(suite, case)
    found = changes(before, process_state())
    assert not found, f"the use changes what all code shares: {'; '.join(found)}"


def backend_check(suite: Suite, backend: str) -> Callable[[Any], None]:
    """A check that the component computes the same with another engine as with NumPy's."""

    def check(case: Any) -> None:
        expected = numbers(suite, case)
        before = set_backend(registry("backends").load(backend)())
        try:
            found = numbers(suite, case)
        finally:
            set_backend(before)
        assert len(found) == len(expected), f"{len(found)} arrays with {backend}, {len(expected)} with numpy"
        for one, other in zip(found, expected, strict=True):
            same(one, other, what=f"the backend {backend} beside numpy")

    check.__doc__ = f"With the backend {backend}, the component computes the same as with NumPy's."
    return check


def other_backends() -> list[str]:
    """The installed engines besides NumPy's that can be had, by qualified name."""
    usable = ("available", "local", "shadowed")
    records = registry("backends").records()
    return [one.qualified for one in records if one.state in usable and one.qualified != "kcore>numpy"]
