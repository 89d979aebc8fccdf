"""The contract of optimizers: one update rule over (parameter, gradient, slots, step)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kcore.components.arguments import ChecksArguments, is_finite_number
from kcore.components.bundle import Bundle, alike
from kcore.components.component import Component, plain
from kcore.components.names import snake_case
from kcore.components.schedule import LearningRateSchedule
from kcore.engine.tracing import Variable
from kcore.engine.types import Array
from kcore.errors.components import ScheduledRateError, WeightsError
from kcore.ops import cast
from kcore.registry import registry


class Optimizer(ChecksArguments, Component):
    """Turns gradients into new parameters. Subclasses name their slots and write ``update``.

    Args:
        learning_rate: the step size; a callback may change it, nothing is traced again. Or a schedule, its name, or its
            config: then each step has its own rate, and it cannot be set.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``, as in Keras 2.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Attributes:
        slot_names: state that the rule keeps per parameter, each of the parameter's shape, zeros at first. A
            subclass whose slots depend on its arguments sets this before it calls ``super().__init__``.
        elementwise: whether the rule treats each element by itself, whatever the shape. Small parameters are then
            updated as one array. A rule with, say, the norm of a gradient in it is not.
        slot_starts: what slots hold at first, where that is not 0.
        shared: numbers that the rule keeps for all parameters together, such as a running product; see
            ``shared_after`` and ``next_shared``.
        schedule: what gives each step its learning rate; ``None`` for a number.
    """

    slot_names: tuple[str, ...] = ()
    slot_starts: Mapping[str, float] = {}
    elementwise: bool = False

    def __init__(
        self,
        learning_rate: Any,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        rate = learning_rate if lr is None else lr
        self.schedule = self._schedule(rate)
        if self.schedule is None:
            self._positive("learning_rate", rate, zero=True)
        self._positive("decay", decay, zero=True)
        for argument, value in (("clipnorm", clipnorm), ("clipvalue", clipvalue)):
            if value is not None:
                self._positive(argument, value)
        self.name = name or snake_case(type(self).__name__)
        self.decay = decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        # In float64, so that a config holds the number that was given, and decay is exact; rules get it rounded.
        fixed = rate if self.schedule is None else 0.0
        self._rate = Variable(fixed, name=f"{self.name}/learning_rate", trainable=False, dtype="float64")
        self.iterations = Variable(0, name=f"{self.name}/iterations", trainable=False, dtype="int64")
        self.shared = {
            shared: Variable(start, name=f"{self.name}/{shared}", trainable=False, dtype="float64")
            for shared, start in self.shared_after(0).items()
        }
        self.slots: dict[str, list[Variable]] = {slot: [] for slot in self.slot_names}
        self._parameters: list[Variable] = []
        self._bundles: list[Bundle] = []
        self._apart = False

    def _schedule(self, rate: Any) -> LearningRateSchedule | None:
        """The schedule that ``learning_rate`` stands for; ``None`` for a number."""
        found = registry("schedules").get(rate)
        if isinstance(found, LearningRateSchedule):
            return found
        if not isinstance(found, int | float | np.number) or isinstance(found, bool):
            self._refuse("learning_rate", rate, "a finite number of at least 0, or a schedule, its name, or its config")
        return None

    def _positive(self, argument: str, value: Any, *, zero: bool = False) -> None:
        """Refuse what is no finite positive number."""
        if not is_finite_number(value) or value < 0 or (value == 0 and not zero):
            allowed = "a finite number of at least 0" if zero else "a finite number above 0"
            self._refuse(argument, value, allowed)

    def _fraction(self, argument: str, value: Any, *, one: bool = False) -> None:
        """Refuse what is not in 0 <= value < 1, or in 0 <= value <= 1 if ``one`` is allowed."""
        if not is_finite_number(value) or not 0 <= value <= 1 or (value == 1 and not one):
            self._refuse(argument, value, "a number from 0 to 1" if one else "a number from 0 to below 1")

    # --- what subclasses write ---------------------------------------------------------------------------------------

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule, a pure function.

        Args:
            parameter, gradient: of the same shape and dtype.
            slots: this parameter's state, by slot name; and the shared numbers after this step, float64, by theirs.
            step: the number of this step, counted from 1, in the parameter's dtype.
            learning_rate: after decay, in the parameter's dtype.

        Returns:
            the new parameter, and the new slots under the same names.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define update(...)")

    def shared_after(self, steps: int) -> dict[str, float]:
        """The shared numbers after so many steps: their first values, and what they are for a file that lacks them."""
        return {}

    def next_shared(self, shared: Mapping[str, Array], step: Array) -> dict[str, Array]:
        """What the shared numbers become in step ``step``, counted from 1, float64; a pure function."""
        return {}

    # --- what training uses ------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The step size before decay: a variable, assign a number to change it; or the schedule's rate of this step.

        Raises:
            ScheduledRateError: a number is assigned, but a schedule sets the rate. (Keras 3 refuses it, too.)
        """
        return self._rate if self.schedule is None else self.schedule(self.iterations)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if self.schedule is not None:
            raise ScheduledRateError(optimizer=self.name, schedule=type(self.schedule).__name__, value=value)
        number = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
        self._positive("learning_rate", float(number) if isinstance(number, Variable) else number, zero=True)
        self._rate.assign(float(number))

    lr = learning_rate

    def build(self, parameters: Sequence[Variable]) -> None:
        """Make the slots for ``parameters``; those of parameters that have some already keep their values."""
        known = {parameter: number for number, parameter in enumerate(self._parameters)}
        self._bundles = [bundle for bundle in self._bundles if set(parameters).issuperset(bundle.parameters)]
        bundled = {parameter for bundle in self._bundles for parameter in bundle.parameters}
        loose = [parameter for parameter in parameters if parameter not in bundled]
        fresh = {}
        if self.elementwise and not self._apart:
            for members in alike(loose):
                bundle = Bundle(members, {slot: self._start(slot) for slot in self.slot_names})
                self._bundles.append(bundle)
                fresh.update(dict.fromkeys(members, bundle))
        for slot in self.slot_names:
            before = {parameter: self.slots[slot][number] for parameter, number in known.items()}
            self.slots[slot] = []
            for parameter in parameters:
                old = before.get(parameter)
                if parameter in fresh:
                    variable = fresh[parameter].part(slot, parameter)
                    if old is not None:
                        variable.value[...] = old.value
                elif old is not None and (parameter in bundled or not old.shared):
                    variable = old
                else:
                    # New, or left over from a bundle that has come apart.
                    value = np.full_like(parameter.value, self._start(slot)) if old is None else old.value
                    variable = Variable(value, name=f"{parameter.name}/{slot}", trainable=False)
                self.slots[slot].append(variable)
        self._parameters = list(parameters)

    def _start(self, slot: str) -> float:
        return self.slot_starts.get(slot, 0.0)

    def apply(self, gradients: Sequence[Array], parameters: Sequence[Variable]) -> None:
        """Assign every parameter and slot its next value; parameters that have no slots yet get them."""
        given = dict(zip(parameters, map(self._clipped, gradients), strict=True))
        known = set(self._parameters)
        new_parameters = [parameter for parameter in parameters if parameter not in known]
        if new_parameters:
            self.build([*self._parameters, *new_parameters])
        if not all(given.keys() >= set(bundle.parameters) for bundle in self._bundles):
            # Some are updated without the others: each by itself from now on.
            self._apart, self._bundles = True, []
            self.build(self._parameters)
        rate = self.learning_rate
        if self.decay:
            rate = rate / (1 + self.decay * cast(self.iterations, rate.dtype))  # type: ignore[arg-type]
        step = self.iterations + 1
        shared = self.next_shared(self.shared, cast(step, "float64"))  # type: ignore[arg-type]
        for bundle in self._bundles:
            flat = bundle.joined([given.pop(parameter) for parameter in bundle.parameters])
            bundle.assign(self._update(bundle.joined(bundle.parameters), flat, bundle.slots, shared, step, rate))
        numbers = {parameter: number for number, parameter in enumerate(self._parameters)}
        for parameter, gradient in given.items():
            slots = {slot: self.slots[slot][numbers[parameter]] for slot in self.slot_names}
            parameter.assign(self._update(parameter, gradient, slots, shared, step, rate))
        for name, variable in self.shared.items():
            variable.assign(shared[name])
        self.iterations.assign(step)

    def _update(
        self, parameter: Any, gradient: Any, slots: dict[str, Variable], shared: dict[str, Array], step: Any, rate: Any
    ) -> Array:
        """Apply the rule: assigns the slots, returns the new parameter."""
        given: dict[str, Any] = {**slots, **shared}
        new, new_slots = self.update(
            parameter, gradient, given, cast(step, parameter.dtype), cast(rate, parameter.dtype)
        )
        for slot, variable in slots.items():
            variable.assign(new_slots[slot])
        return new

    def _clipped(self, gradient: Array) -> Array:
        if self.clipnorm is not None:
            norm = np.sqrt(np.sum(np.square(gradient)))
            gradient = gradient * (self.clipnorm / np.maximum(norm, self.clipnorm))
        if self.clipvalue is not None:
            gradient = np.clip(gradient, -self.clipvalue, self.clipvalue)
        return gradient

    @property
    def weights(self) -> list[Variable]:
        """All state that a file keeps: the number of steps, the shared numbers, then each slot for all parameters."""
        slots = (variable for slot in self.slot_names for variable in self.slots[slot])
        return [self.iterations, *self.shared.values(), *slots]

    def get_weights(self) -> list[Array]:
        """Copies of ``weights``."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Give the state new values, in the order of ``weights``; nothing changes if one does not fit.

        Raises:
            WeightsError: the number of arrays, or a shape, is wrong.
        """
        expected = [variable.shape for variable in self.weights]
        given = [np.shape(array) for array in weights]
        if expected != given:
            raise WeightsError(owner=f"Optimizer {self.name!r}", expected=expected, given=given)
        for variable, array in zip(self.weights, weights, strict=True):
            variable.assign(array)

    def __getstate__(self) -> dict[str, Any]:
        # The slots of a copy have memory of their own; ``build`` puts them together again.
        return {**self.__dict__, "_bundles": []}

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments; the learning rate as it is now, or its schedule."""
        config = super().get_config()
        config.pop("lr", None)
        return {
            "name": self.name,
            **config,
            "learning_rate": float(self._rate) if self.schedule is None else plain(self.schedule),
            "decay": self.decay,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
        }
