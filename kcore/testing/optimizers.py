"""Optimizers put to the test: the cases that an optimizer's author states, and the checks that every case must pass.

As ``kcore.testing.layers``: each check is a function of a case that raises an AssertionError, or the optimizer's own
error, where the optimizer breaks the contract::

    from kcore.testing.optimizers import CHECKS, OptimizerCase

    for name, check in CHECKS.items():
        check(OptimizerCase("SGD", {"momentum": 0.9}))
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore.components.optimizer import Optimizer
from kcore.components.schedule import LearningRateSchedule
from kcore.engine.compiled import CompiledFunction
from kcore.engine.tracing import Variable
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError, WeightsError
from kcore.registry import deserialize, serialize
from kcore.testing.round_trips import check_config_of, check_names_of, same

SHAPES = ((3, 2), (2,), (), (4,))
STEPS = 5


@dataclass(frozen=True)
class OptimizerCase:
    """One way to use an optimizer, on which all checks run.

    Attributes:
        optimizer: its name in ``kcore.optimizers``.
        config: constructor arguments, as a config writes them; the learning rate is a number.
        label: what is particular about the case; cases of one optimizer have different ones.
    """

    optimizer: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> OptimizerCase:
        """A case from a row of a table in JSON or YAML."""
        return cls(**row)

    def __str__(self) -> str:
        return f"{self.optimizer}-{self.label}" if self.label else self.optimizer

    def make(self, **changes: Any) -> Optimizer:
        """The optimizer; ``changes`` are further arguments."""
        config = {**self.config, **changes}
        optimizer: Optimizer = deserialize({"class_name": self.optimizer, "config": config}, "optimizers")
        return optimizer


def parameters(dtype: str = "float32") -> list[Variable]:
    """Variables of several shapes, the same ones at every call."""
    rng = np.random.default_rng(7)
    return [
        Variable(rng.normal(size=shape), name=f"w{number}/kernel", dtype=dtype) for number, shape in enumerate(SHAPES)
    ]


def wave(number: int, variables: Sequence[Variable]) -> list[Array]:
    """The gradients of step ``number``: different in each element and each step."""
    return [
        np.asarray(np.sin(1.7 * number + np.arange(variable.size)), variable.dtype).reshape(variable.shape)
        for variable in variables
    ]


def walk(
    optimizer: Optimizer,
    variables: Sequence[Variable],
    steps: Sequence[int],
    *,
    planned: bool = True,
    before: Callable[[int], None] | None = None,
    gradients: Callable[[int, Sequence[Variable]], list[Array]] = wave,
) -> list[Array]:
    """Some steps, ``before`` each of which something may be done; the variables' values then."""
    traces = []

    def step(*given: Any) -> None:
        traces.append(1)
        optimizer.apply(given, variables)

    run: Any = CompiledFunction(step) if planned else step
    for number in steps:
        if before is not None:
            before(number)
        run(*gradients(number, variables))
    assert not planned or len(traces) == 1, f"the step was traced {len(traces)} times"
    return [variable.numpy() for variable in variables]


def _together(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(array).astype("float64") for array in arrays])


# --- the checks ------------------------------------------------------------------------------------------------------


def check_config(case: OptimizerCase) -> None:
    """The config is plain data, and an optimizer made from it has the same one, also after the rate has changed."""
    optimizer = case.make()
    check_config_of(optimizer, "optimizers")
    optimizer.learning_rate = 0.125
    check_config_of(optimizer, "optimizers")
    found = serialize(optimizer, "optimizers")["config"]["learning_rate"]
    assert found == 0.125, f"the learning rate became 0.125, the config says {found}"


def check_names(case: OptimizerCase) -> None:
    """Each name of the optimizer makes the same one."""
    check_names_of(case.optimizer, "optimizers", case.config)


def check_state(case: OptimizerCase) -> None:
    """Some steps, the state saved, more steps: the same as all at once, in a new optimizer and in copies."""
    expected = walk(case.make(), parameters(), range(2 * STEPS))
    optimizer, variables = case.make(), parameters()
    walk(optimizer, variables, range(STEPS))
    saved = optimizer.get_weights()
    restored = case.make()
    restored.build(variables)
    restored.set_weights(saved)
    kept = [variable.numpy() for variable in variables]
    pairs = [(restored, variables)]
    pairs += [pickle.loads(pickle.dumps((optimizer, parameters()))), copy.deepcopy((optimizer, parameters()))]
    for one, own in pairs:
        if one is not restored:
            # Copies of the optimizer belong to the copies of its parameters.
            own = one._parameters
        for variable, value in zip(own, kept, strict=True):
            variable.assign(value)
        found = walk(one, own, range(STEPS, 2 * STEPS))
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg="after a restore, the steps are others")
    assert int(restored.iterations) == 2 * STEPS, f"after {2 * STEPS} steps, iterations is {int(restored.iterations)}"


def check_slots(case: OptimizerCase) -> None:
    """The weights are the number of steps, the shared numbers, and each slot for all parameters; others are refused."""
    optimizer, variables = case.make(), parameters()
    optimizer.build(variables)
    expected = [(), *([()] * len(optimizer.shared)), *(SHAPES * len(optimizer.slot_names))]
    shapes = [weight.shape for weight in optimizer.weights]
    assert shapes == expected, f"the weights have the shapes {shapes}, not {expected}"
    known = optimizer.shared_after(STEPS)
    walk(optimizer, variables, range(STEPS))
    for name, value in known.items():
        same(float(optimizer.shared[name]), value, "float64", what=f"shared_after says another {name}")
    unused = [slot for slot in optimizer.slot_names if not any(part.value.any() for part in optimizer.slots[slot])]
    assert not unused, f"the slots {unused} are still 0 after {STEPS} steps"
    before = optimizer.get_weights()
    try:
        optimizer.set_weights([*before, np.zeros(3)])
    except WeightsError:
        return
    raise AssertionError("an array too many was accepted")


def check_repeated(case: OptimizerCase) -> None:
    """Two optimizers of one config make the same steps."""
    first, second = (walk(case.make(), parameters(), range(STEPS)) for _ in range(2))
    np.testing.assert_array_equal(_together(first), _together(second), err_msg="the steps are others the second time")


def check_planned(case: OptimizerCase) -> None:
    """Compiled, the steps are those that are made eagerly."""
    planned, eager = (walk(case.make(), parameters(), range(STEPS), planned=planned) for planned in (True, False))
    same(_together(planned), _together(eager), what="planned beside eager")


def check_dtypes(case: OptimizerCase) -> None:
    """Parameters and slots keep their dtype; in float64 the same steps are made more exactly."""
    found = {}
    for dtype in ("float32", "float64"):
        optimizer, variables = case.make(), parameters("float32")
        variables = [Variable(variable.value, name=variable.name, dtype=dtype) for variable in variables]
        found[dtype] = walk(optimizer, variables, range(STEPS))
        dtypes = {variable.dtype.name for slot in optimizer.slots.values() for variable in slot}
        assert dtypes <= {dtype}, f"slots of {dtypes} for parameters of {dtype}"
        rule = optimizer.update(
            variables[0].value, wave(1, variables)[0],
            {slot: values[0].value for slot, values in optimizer.slots.items()}
            | {name: shared.value for name, shared in optimizer.shared.items()},
            np.asarray(STEPS + 1, dtype), np.asarray(0.01, dtype),
        )  # fmt: skip
        computed = {rule[0].dtype.name, *(array.dtype.name for array in rule[1].values())}
        assert computed == {dtype}, f"the rule computes {computed} from {dtype}"
    same(_together(found["float32"]), _together(found["float64"]), what="float32 beside float64")
    wide = _together(found["float64"])
    assert (wide != wide.astype("float32")).any(), "the steps in float64 are rounded to float32"


def check_together(case: OptimizerCase) -> None:
    """Parameters that are updated together move as each one moves alone, and in any order."""
    expected = walk(case.make(), parameters(), range(STEPS))
    for number in range(len(SHAPES)):
        alone = parameters()[number]

        def own(step: int, _: Any, number: int = number) -> list[Array]:
            return [wave(step, parameters())[number]]

        (found,) = walk(case.make(), [alone], range(STEPS), gradients=own)
        same(found, expected[number], what=f"parameter {number} moves otherwise beside others")


def check_rate(case: OptimizerCase) -> None:
    """A rate set at each step, a decay, and a schedule of the same rates make the same steps, in one trace each."""
    start = 0.05

    def rates(step: Any) -> Any:
        return start / (1 + 0.5 * step)

    class Inverse(LearningRateSchedule):
        def rate(self, step: Any) -> Any:
            return rates(step)

    set_by_hand = case.make(learning_rate=start, decay=0.0)

    def set_rate(number: int) -> None:
        set_by_hand.learning_rate = rates(number)

    expected = walk(set_by_hand, parameters(), range(STEPS), before=set_rate)
    decayed = walk(case.make(learning_rate=start, decay=0.5), parameters(), range(STEPS))
    same(_together(decayed), _together(expected), what="decay beside a rate set by hand")
    scheduled = walk(case.make(learning_rate=Inverse(), decay=0.0), parameters(), range(STEPS))
    same(_together(scheduled), _together(expected), what="a schedule beside a rate set by hand")
    constant = walk(case.make(learning_rate=start, decay=0.0), parameters(), range(STEPS))
    assert not np.array_equal(_together(constant), _together(expected)), "the learning rate has no effect"


def check_clipping(case: OptimizerCase) -> None:
    """``clipnorm`` and ``clipvalue`` do what clipping the gradients before would do."""

    def by_norm(number: int, variables: Sequence[Variable]) -> list[Array]:
        found = wave(number, variables)
        return [g * np.asarray(0.5 / max(0.5, float(np.sqrt(np.sum(g * g)))), g.dtype) for g in found]

    def by_value(number: int, variables: Sequence[Variable]) -> list[Array]:
        return [np.clip(g, -0.25, 0.25) for g in wave(number, variables)]

    for argument, limit, clipped in (("clipnorm", 0.5, by_norm), ("clipvalue", 0.25, by_value)):
        plain = {"clipnorm": None, "clipvalue": None}
        found = walk(case.make(**{**plain, argument: limit}), parameters(), range(STEPS))
        expected = walk(case.make(**plain), parameters(), range(STEPS), gradients=clipped)
        same(_together(found), _together(expected), what=argument)


def check_descent(case: OptimizerCase) -> None:
    """Along the gradients of a bowl it gets closer to the bottom."""
    bottom = [np.full(shape, 0.75, "float32") for shape in SHAPES]
    optimizer, variables = case.make(), parameters()

    def height() -> float:
        return float(np.sum((_together([variable.value for variable in variables]) - _together(bottom)) ** 2))

    before = height()
    for _ in range(60):
        optimizer.apply([v.value - b for v, b in zip(variables, bottom, strict=True)], variables)
    after = height()
    assert after < before, f"from a height of {before:.3g} it went to {after:.3g}"


def check_arguments(case: OptimizerCase) -> None:
    """Rates and limits that make no sense are refused by errors that name the optimizer and the argument."""
    kind = type(case.make()).__name__
    bad = [("learning_rate", -1.0), ("learning_rate", float("nan")), ("decay", -1.0), ("clipnorm", 0.0)]
    for argument, value in [*bad, ("clipvalue", "1")]:
        text = ""
        try:
            case.make(**{argument: value})
        except InvalidArgumentError as error:
            text = str(error)
        assert text, f"{argument}={value!r} was accepted"
        assert kind in text and argument in text, f"the error {text!r} does not name {kind} and {argument}"


def traced(case: OptimizerCase) -> tuple[Callable[..., Any], list[Any]]:
    """A step as a function of the gradients, which gives the parameters afterwards, and gradients for it."""
    optimizer, variables = case.make(), parameters()

    def step(*gradients: Any) -> Any:
        optimizer.apply(gradients, variables)
        return [variable.value * 1 for variable in variables]

    return step, wave(0, variables)


CHECKS: dict[str, Callable[[OptimizerCase], None]] = {
    "config": check_config,
    "names": check_names,
    "state": check_state,
    "slots": check_slots,
    "repeated": check_repeated,
    "planned": check_planned,
    "dtypes": check_dtypes,
    "together": check_together,
    "rate": check_rate,
    "clipping": check_clipping,
    "descent": check_descent,
    "arguments": check_arguments,
}
