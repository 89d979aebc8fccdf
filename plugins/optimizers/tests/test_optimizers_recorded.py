"""Optimizers over 200 traced steps, and schedules, beside what Keras and PyTorch recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import Variable, optimizers, schedules
from kcore.engine import CompiledFunction, gradients
from kcore.optimizers import Optimizer
from kcore.registry import registry
from kcore.testing.reference import Case, load_cases
from kcore_optimizers.rmsprop import RMSprop

RECORDED = load_cases(Path(__file__).parent / "reference" / "optimizers.npz")
CASES = [case for case in RECORDED if "rates" not in case.arrays]
RATES = [case for case in RECORDED if "rates" in case.arrays]


def offered(family: str) -> set[str]:
    """The classes of this distribution that are no other's alias."""
    home = registry(family)
    names = [record.name for record in home.records() if record.distribution == "kcore-optimizers"]
    # AMSGrad makes an Adam.
    return {name for name in names if home.load(name).__name__ == name} - {"AMSGrad"}


def rounded_by_torch(case: Case) -> bool:
    """PyTorch keeps the product of Nadam's momenta in float32, whatever the parameters' dtype."""
    return case.component == "Nadam" and case.source == "torch"


def epsilon_outside(case: Case) -> bool:
    """Keras 2's older RMSprop, another rule."""
    return case.component == "RMSprop" and case.source == "tf_keras.legacy"


def path(optimizer: Optimizer, case: Case) -> tuple[Any, Any]:
    """The parameters after each recorded step; the gradient is the engine's, plus the recorded problem's wave."""
    a, b, w0, v0 = (case.arrays[name] for name in ("A", "b", "w0", "v0"))
    w, v = Variable(w0, name="w"), Variable(v0, name="v")

    def step(wave_w: Any, wave_v: Any) -> None:
        r = a @ w + v - b
        objective = 0.5 * np.sum(r * r) / 6 + 0.1 * np.sum(np.cos(3 * w))
        dw, dv = gradients(objective, [w, v])
        optimizer.apply([dw + wave_w, dv + wave_v], [w, v])

    run = CompiledFunction(step)
    found = []
    for t in range(1, int(case.arrays["steps"][-1]) + 1):
        run(*(np.sin(t + np.arange(size)).astype(w0.dtype).reshape(shape) for size, shape in ((12, (4, 3)), (3, (3,)))))
        if t in case.arrays["steps"]:
            found.append((w.numpy(), v.numpy()))
    return np.stack([w for w, _ in found]), np.stack([v for _, v in found])


def test_every_optimizer_and_schedule_has_cases() -> None:
    assert {case.component for case in CASES} == offered("optimizers")
    assert {case.component for case in RATES} == offered("schedules")


@pytest.mark.parametrize("case", RATES, ids=str)
def test_rates(case: Case) -> None:
    schedule, expected = schedules.get(case.component, **case.config), case.arrays["rates"]
    found = schedule(case.arrays["times"])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * expected.max())
    for time, rate in zip(case.arrays["times"], found, strict=True):
        assert schedule(int(time)) == rate


@pytest.mark.parametrize("case", [case for case in CASES if not epsilon_outside(case)], ids=str)
def test_path(case: Case) -> None:
    tolerance = 1e-5 if case.arrays["w0"].dtype == np.float32 else 1e-9 if rounded_by_torch(case) else 1e-12
    for name, found in zip("wv", path(optimizers.get(case.component, **case.config), case), strict=True):
        expected = case.arrays[name]
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("case", [case for case in CASES if epsilon_outside(case)], ids=str)
def test_keras_2_older_rmsprop_is_the_documented_other_rule(case: Case) -> None:
    class EpsilonOutside(RMSprop):
        def update(
            self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
        ) -> tuple[Any, dict[str, Any]]:
            rms = self.rho * slots["rms"] + (1 - self.rho) * np.square(gradient)
            return parameter - learning_rate * gradient / (np.sqrt(rms) + self.epsilon), {"rms": rms}

    for name, found in zip("wv", path(EpsilonOutside(**case.config), case), strict=True):
        expected = case.arrays[name]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
