"""Optimizers: the path of two parameter arrays over 200 steps of a problem whose gradient is a formula.

And schedules: the learning rates of some steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import torch

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, normal, precision, to_numpy

STEPS = (1, 2, 3, 5, 10, 20, 50, 100, 200)
Gradient = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
# A step takes the two gradients and changes the parameters; reading gives the parameters.
Step = Callable[[np.ndarray, np.ndarray], None]
Read = Callable[[], tuple[np.ndarray, np.ndarray]]

SGD: dict[str, dict[str, Any]] = {
    "plain": {"learning_rate": 0.05},
    "momentum": {"learning_rate": 0.01, "momentum": 0.9},
    "nesterov": {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True},
    "clipnorm": {"learning_rate": 0.05, "clipnorm": 0.5},
    "clipvalue": {"learning_rate": 0.05, "clipvalue": 0.2},
    "momentum-clipnorm": {"learning_rate": 0.01, "momentum": 0.9, "clipnorm": 0.5},
}
RMSPROP: dict[str, dict[str, Any]] = {
    "default": {},
    "rho": {"learning_rate": 0.01, "rho": 0.8},
    "momentum": {"learning_rate": 0.01, "momentum": 0.9},
    "centered": {"learning_rate": 0.01, "centered": True},
    "centered-momentum": {"learning_rate": 0.01, "momentum": 0.5, "centered": True},
    "epsilon": {"learning_rate": 0.01, "epsilon": 0.01},
}
ADAM: dict[str, dict[str, Any]] = {
    "default": {},
    "learning-rate": {"learning_rate": 0.02},
    "betas": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95},
    "epsilon": {"learning_rate": 0.02, "epsilon": 0.1},
    "amsgrad": {"learning_rate": 0.02, "amsgrad": True},
    "clipvalue": {"learning_rate": 0.02, "clipvalue": 0.1},
}
ADADELTA: dict[str, dict[str, Any]] = {
    "full-rate": {"learning_rate": 1.0},
    "rho": {"learning_rate": 1.0, "rho": 0.8},
    "epsilon": {"learning_rate": 0.5, "epsilon": 0.01},
    "clipvalue": {"learning_rate": 1.0, "epsilon": 1e-4, "clipvalue": 0.1},
}
ADAGRAD: dict[str, dict[str, Any]] = {
    "default": {"learning_rate": 0.01, "initial_accumulator_value": 0.0},
    "start": {"learning_rate": 0.2, "initial_accumulator_value": 0.1},
    "epsilon": {"learning_rate": 0.2, "initial_accumulator_value": 0.5, "epsilon": 0.01},
    "clipnorm": {"learning_rate": 0.2, "initial_accumulator_value": 0.1, "clipnorm": 0.5},
}
ADAMAX: dict[str, dict[str, Any]] = {
    "default": {"learning_rate": 0.002},
    "betas": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95},
    "epsilon": {"learning_rate": 0.02, "epsilon": 0.1},
    "clipvalue": {"learning_rate": 0.02, "clipvalue": 0.1},
}
# Keras 2's older optimizer has the argument; the current ones of Keras 2 and 3 are the rule with 1.
NADAM: dict[str, dict[str, Any]] = {
    "default": {"learning_rate": 0.002},
    "betas": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95},
    "epsilon": {"learning_rate": 0.02, "epsilon": 0.1},
    "schedule_decay": {"learning_rate": 0.02, "schedule_decay": 0.05},
    "schedule_decay-1": {"learning_rate": 0.02, "schedule_decay": 1.0},
    "schedule_decay-1-clipvalue": {"learning_rate": 0.02, "schedule_decay": 1.0, "clipvalue": 0.1},
}
ADAMW: dict[str, dict[str, Any]] = {
    "default": {"learning_rate": 0.001, "weight_decay": 0.004},
    "weight-decay": {"learning_rate": 0.02, "weight_decay": 0.5},
    "all": {"learning_rate": 0.02, "weight_decay": 0.1, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.1},
    "amsgrad": {"learning_rate": 0.02, "weight_decay": 0.1, "amsgrad": True},
}
LION: dict[str, dict[str, Any]] = {
    "default": {"learning_rate": 0.001},
    "betas": {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95},
    "weight-decay": {"learning_rate": 0.01, "weight_decay": 0.5},
    "clipvalue": {"learning_rate": 0.01, "clipvalue": 0.2},
}
FTRL: dict[str, dict[str, Any]] = {
    "default": {"learning_rate": 0.001},
    "rate": {"learning_rate": 0.5},
    "power": {"learning_rate": 0.2, "learning_rate_power": -0.75, "initial_accumulator_value": 0.5},
    "penalties": {
        "learning_rate": 0.5,
        "l1_regularization_strength": 0.5,
        "l2_regularization_strength": 0.25,
        "l2_shrinkage_regularization_strength": 0.125,
        "beta": 0.75,
    },
}
VARIANTS = {
    "SGD": SGD, "RMSprop": RMSPROP, "Adam": ADAM, "Adadelta": ADADELTA, "Adagrad": ADAGRAD, "Adamax": ADAMAX,
    "Nadam": NADAM, "AdamW": ADAMW, "Lion": LION, "Ftrl": FTRL,
}  # fmt: skip
DECAY: list[tuple[str, str, dict[str, Any]]] = [
    ("SGD", "decay", {"learning_rate": 0.1, "decay": 0.05}),
    ("SGD", "momentum-decay", {"learning_rate": 0.02, "momentum": 0.9, "decay": 0.01}),
    ("RMSprop", "decay", {"learning_rate": 0.02, "decay": 0.02}),
    ("Adam", "decay", {"learning_rate": 0.05, "decay": 0.02}),
    ("Adadelta", "decay", {"learning_rate": 1.0, "epsilon": 1e-4, "decay": 0.02}),
    ("Adagrad", "decay", {"learning_rate": 0.2, "initial_accumulator_value": 0.1, "decay": 0.02}),
    ("Adamax", "decay", {"learning_rate": 0.05, "decay": 0.02}),
    ("Nadam", "decay", {"learning_rate": 0.05, "schedule_decay": 1.0, "decay": 0.02}),
    ("AdamW", "decay", {"learning_rate": 0.05, "weight_decay": 0.1, "decay": 0.02}),
    ("Lion", "decay", {"learning_rate": 0.05, "decay": 0.02}),
    ("Ftrl", "decay", {"learning_rate": 0.5, "decay": 0.02}),
]
SCHEDULED: list[tuple[str, str, dict[str, Any]]] = [
    ("SGD", "ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "decay_rate": 0.5}),
    ("SGD", "PiecewiseConstantDecay", {"boundaries": [10, 60], "values": [0.1, 0.02, 0.004]}),
    ("Adam", "CosineDecay", {
        "initial_learning_rate": 0.0, "decay_steps": 120, "alpha": 0.1, "warmup_target": 0.05, "warmup_steps": 30,
    }),
    ("AdamW", "PolynomialDecay", {"initial_learning_rate": 0.05, "decay_steps": 150, "power": 2.0}),
]  # fmt: skip
# Steps at which a schedule begins something new, and steps around them.
TIMES = np.array(
    [0, 1, 2, 3, 7, 9, 10, 11, 15, 19, 20, 21, 29, 30, 31, 40, 69, 70, 71, 99, 100, 101, 150, 1000], "int64"
)
SCHEDULES: dict[str, dict[str, dict[str, Any]]] = {
    "ExponentialDecay": {
        "plain": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
        "staircase": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "staircase": True},
    },
    "InverseTimeDecay": {
        "plain": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
        "staircase": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
    },
    "PolynomialDecay": {
        "plain": {"initial_learning_rate": 0.1, "decay_steps": 100},
        "power": {"initial_learning_rate": 0.1, "decay_steps": 100, "end_learning_rate": 0.01, "power": 2.0},
        "root": {"initial_learning_rate": 0.1, "decay_steps": 100, "end_learning_rate": 0.0, "power": 0.5},
        "cycle": {"initial_learning_rate": 0.1, "decay_steps": 30, "end_learning_rate": 0.01, "cycle": True},
        "rising": {"initial_learning_rate": 0.01, "decay_steps": 100, "end_learning_rate": 0.1},
    },
    "PiecewiseConstantDecay": {
        "two": {"boundaries": [10, 70], "values": [0.1, 0.05, 0.001]},
        "one": {"boundaries": [20], "values": [0.01, 0.1]},
    },
    "CosineDecay": {
        "plain": {"initial_learning_rate": 0.1, "decay_steps": 100},
        "alpha": {"initial_learning_rate": 0.1, "decay_steps": 70, "alpha": 0.25},
        "warmup": {
            "initial_learning_rate": 0.01, "decay_steps": 80, "alpha": 0.1, "warmup_target": 0.2, "warmup_steps": 20,
        },
        "steps-alone": {"initial_learning_rate": 0.1, "decay_steps": 80, "warmup_steps": 20},
        "no-steps": {"initial_learning_rate": 0.1, "decay_steps": 80, "warmup_target": 0.2},
    },
    "CosineDecayRestarts": {
        "plain": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
        "equal": {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 1.0, "m_mul": 0.5},
        "all": {"initial_learning_rate": 0.1, "first_decay_steps": 20, "t_mul": 1.5, "m_mul": 0.75, "alpha": 0.1},
    },
}  # fmt: skip
NOTES = {
    ("RMSprop", "tf_keras.legacy"): (
        "Keras 2's older RMSprop without momentum has epsilon outside the square root: "
        "gradient / (sqrt(mean square) + epsilon). The current ones of Keras 2 and 3 have it inside."
    ),
    ("RMSprop", "torch"): "Epsilon is outside the square root; recorded only where it vanishes (1e-30).",
    ("Adam", "torch"): (
        "PyTorch's epsilon belongs to the bias-corrected second moment. To be Keras's definition, "
        "it was set to epsilon / sqrt(1 - beta_2 ** t) before step t."
    ),
    ("AdamW", "torch"): "Epsilon was set as for Adam.",
    ("Adagrad", "torch"): "Epsilon is outside the square root; recorded only where it vanishes (1e-30).",
    ("Adamax", "torch"): "Epsilon is inside the maximum; recorded only where it vanishes (1e-30).",
}


# Keras 2 rounds the numbers of its rules to float32 whatever the parameters' dtype: no float64 from it.
KERAS2 = {"float32": ["tf_keras.legacy", "tf_keras"], "float64": []}


def problem(dtype: str) -> tuple[dict[str, np.ndarray], Gradient]:
    """The arrays, and the gradient of a least-squares problem with a nonconvex term, plus a wave.

    The objective is 0.5 * sum(r * r) / 6 + 0.1 * sum(cos(3 * w)) with r = A @ w + v - b. The wave is
    sin(step + k), k the place in the flattened parameter. It acts like minibatch noise: without it the
    rules that divide by the gradient's size turn a rounding error at the minimum into steps of full length.
    """
    arrays = {
        "A": normal((6, 4), dtype, tag="A"),
        "b": normal((6, 3), dtype, 2.0, tag="b"),
        "w0": normal((4, 3), dtype, 2.0, tag="w0"),
        "v0": normal((3,), dtype, 2.0, tag="v0"),
    }
    a, b = arrays["A"], arrays["b"]

    def gradient(w: np.ndarray, v: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        r = a @ w + v - b
        # Python's numbers keep the dtype.
        dw = a.T @ r / 6 - 0.3 * np.sin(3 * w)
        dv = r.sum(axis=0) / 6
        dw += np.sin(step + np.arange(dw.size)).astype(dtype).reshape(dw.shape)
        dv += np.sin(step + np.arange(dv.size)).astype(dtype).reshape(dv.shape)
        return dw, dv

    return arrays, gradient


def keras_optimizer(source: str, name: str, config: dict[str, Any], start: list[np.ndarray]) -> tuple[Step, Read]:
    library = KERAS["tf_keras" if source.startswith("tf_keras") else source]
    config = dict(config)
    if isinstance(config.get("learning_rate"), dict):
        rate = config["learning_rate"]
        config["learning_rate"] = getattr(library.optimizers.schedules, rate["class_name"])(**rate["config"])
    if source != "tf_keras.legacy" and config.pop("schedule_decay", 1.0) != 1.0:
        raise ValueError(f"{source} has no schedule_decay")
    if source == "tf_keras.legacy":
        optimizer = getattr(library.optimizers.legacy, name)(**config)
    else:
        decay = config.pop("decay", 0.0)
        if decay:
            # lr / (1 + decay * iterations), as schedules say it.
            config["learning_rate"] = library.optimizers.schedules.InverseTimeDecay(
                config["learning_rate"], decay_steps=1, decay_rate=decay
            )
        optimizer = getattr(library.optimizers, name)(**config)
    make = tf.Variable if source.startswith("tf_keras") else library.Variable
    variables = [make(array) for array in start]
    constant = tf.constant if source.startswith("tf_keras") else torch.tensor

    def step(*found: np.ndarray) -> None:
        gradients = [constant(array) for array in found]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    def read() -> tuple[np.ndarray, np.ndarray]:
        w, v = (to_numpy(variable.value if source == "keras3" else variable) for variable in variables)
        return w, v

    return step, read


def torch_optimizer(name: str, config: dict[str, Any], start: list[np.ndarray]) -> tuple[Step, Read]:
    parameters = [torch.nn.Parameter(torch.tensor(array)) for array in start]
    rate = config.get("learning_rate", 0.01 if name == "SGD" else 0.001)
    momentum = config.get("momentum", 0.0)
    epsilon = config.get("epsilon", 1e-7)
    beta_2 = config.get("beta_2", 0.999)
    optimizer: torch.optim.Optimizer
    if name == "SGD":
        optimizer = torch.optim.SGD(parameters, rate, momentum=momentum, nesterov=config.get("nesterov", False))
    elif name == "Adadelta":
        optimizer = torch.optim.Adadelta(parameters, rate, config.get("rho", 0.95), epsilon)
    elif name == "RMSprop":
        optimizer = torch.optim.RMSprop(
            parameters, rate, config.get("rho", 0.9), epsilon, 0, momentum, config.get("centered", False)
        )
    elif name == "Adagrad":
        start_value = config["initial_accumulator_value"]
        optimizer = torch.optim.Adagrad(parameters, rate, initial_accumulator_value=start_value, eps=epsilon)
    else:
        betas = (config.get("beta_1", 0.9), beta_2)
        if name == "Adamax":
            optimizer = torch.optim.Adamax(parameters, rate, betas, epsilon)
        elif name == "Nadam":
            decay = config.get("schedule_decay", 0.004)
            optimizer = torch.optim.NAdam(parameters, rate, betas, epsilon, momentum_decay=decay)
        elif name == "AdamW":
            optimizer = torch.optim.AdamW(parameters, rate, betas, epsilon, weight_decay=config["weight_decay"])
        else:
            optimizer = torch.optim.Adam(parameters, rate, betas, epsilon)
    taken = 0

    def step(*found: np.ndarray) -> None:
        nonlocal taken
        taken += 1
        for parameter, array in zip(parameters, found, strict=True):
            parameter.grad = torch.tensor(array)
        if name in ("Adam", "AdamW"):
            optimizer.param_groups[0]["eps"] = epsilon / (1 - beta_2**taken) ** 0.5
        optimizer.step()

    def read() -> tuple[np.ndarray, np.ndarray]:
        w, v = (to_numpy(parameter) for parameter in parameters)
        return w, v

    return step, read


def same_in_torch(name: str, config: dict[str, Any]) -> bool:
    """Whether PyTorch has the same rule; clipping is outside its optimizers, amsgrad's maximum differs."""
    if {"clipnorm", "clipvalue", "amsgrad", "decay"} & set(config) or name in ("Lion", "Ftrl"):
        return False
    return name not in ("RMSprop", "Adagrad", "Adamax") or config.get("epsilon", 1e-7) < 1e-20


def keras_sources(name: str, variant: str, config: dict[str, Any], dtype: str) -> list[str]:
    """The Keras libraries that have this rule, and compute it in this dtype."""
    if name == "Nadam" and config.get("schedule_decay", 0.004) != 1.0:
        return ["tf_keras.legacy"] if dtype == "float32" else []
    # The older RMSprop differs visibly where epsilon is large.
    older = (name, variant) == ("RMSprop", "epsilon")
    return [*KERAS2[dtype][0 if older else 1 :], "keras3"]


def record(archive: Archive, name: str, variant: str, config: dict[str, Any], dtype: str, sources: list[str]) -> None:
    arrays, gradient = problem(dtype)
    start = [arrays["w0"], arrays["v0"]]
    label = f"{name}/{variant}" + ("-float64" if dtype == "float64" else "")
    for source in sources:
        make = torch_optimizer if source == "torch" else None
        step, read = make(name, config, start) if make else keras_optimizer(source, name, config, start)
        path = []
        for count in range(1, STEPS[-1] + 1):
            step(*gradient(*read(), count))
            if count in STEPS:
                path.append(read())
        results = {
            "steps": np.array(STEPS, "int64"),
            "w": np.stack([w for w, _ in path]),
            "v": np.stack([v for _, v in path]),
        }
        archive.add(label, source, config, arrays | results, NOTES.get((name, source), ""))


def record_all(archive: Archive, dtype: str) -> None:
    for name, variants in VARIANTS.items():
        for variant, config in variants.items():
            if dtype == "float64" and "clipnorm" in config:
                # Keras 3 rounds the norm to float32.
                continue
            sources = keras_sources(name, variant, config, dtype) + (["torch"] if same_in_torch(name, config) else [])
            record(archive, name, variant, config, dtype, sources)
    for name, variant, config in DECAY:
        older = KERAS2[dtype] if name not in ("Nadam", "AdamW", "Lion") else KERAS2[dtype][1:]
        record(archive, name, variant, config, dtype, [*older, "keras3"])
    for name, schedule, config in SCHEDULED:
        rate = {"learning_rate": {"class_name": schedule, "config": config}}
        extra = {"weight_decay": 0.1} if name == "AdamW" else {}
        record(archive, name, schedule, rate | extra, dtype, [*KERAS2[dtype][1:], "keras3"])


def record_schedules(archive: Archive) -> None:
    """In float32, in which both libraries compute them, whatever the precision."""
    for name, variants in SCHEDULES.items():
        for variant, config in variants.items():
            for source, library in KERAS.items():
                schedule = getattr(library.optimizers.schedules, name)(**config)
                rates = np.array([to_numpy(schedule(int(time))) for time in TIMES], "float32")
                archive.add(f"{name}/{variant}", source, config, {"times": TIMES, "rates": rates})


def main() -> None:
    archive = Archive("optimizers", VERSIONS)
    for dtype in ("float32", "float64"):
        with precision(dtype):
            record_all(archive, dtype)
    with precision("float64"):
        for variant in ("rho", "momentum", "centered"):
            config = RMSPROP[variant] | {"epsilon": 1e-30}
            record(archive, "RMSprop", f"{variant}-noepsilon", config, "float64", ["keras3", "torch"])
        for variant in ("default", "start"):
            config = ADAGRAD[variant] | {"epsilon": 1e-30}
            record(archive, "Adagrad", f"{variant}-noepsilon", config, "float64", ["keras3", "torch"])
        config = ADAMAX["betas"] | {"epsilon": 1e-30}
        record(archive, "Adamax", "betas-noepsilon", config, "float64", ["keras3", "torch"])
    record_schedules(archive)
    archive.write(output_path())


if __name__ == "__main__":
    main()
