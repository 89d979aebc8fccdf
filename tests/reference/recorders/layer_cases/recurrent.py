"""SimpleRNN, LSTM and GRU: arguments, masks, first states, and states that stay from call to call."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.func import functional_call

from recorders.layer_cases.recorder import FLOAT64, Recorder, main
from recorders.sources import KERAS, normal, tensor, to_numpy

UNITS, BATCH, STEPS, FEATURES = 3, 4, 5, 2
BOTH = ("tf_keras", "keras3")
# Steps of padding behind a sequence, before it, and within; all sequences have a first step or none of the states
# before it differs from 0.
MASKS = {
    "behind": np.arange(STEPS) < np.array([[5], [3], [1], [4]]),
    "anywhere": np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1], [0, 0, 0, 0, 0]], bool),
    "with-states": np.array([[1, 1, 1, 1, 1], [1, 0, 0, 1, 1], [1, 0, 1, 0, 0], [1, 0, 0, 0, 0]], bool),
}


RETURNED: dict[str, dict[str, Any]] = {
    "last": {},
    "sequences": {"return_sequences": True},
    "states": {"return_state": True},
}
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
STATES = {"SimpleRNN": 1, "LSTM": 2, "GRU": 1}


def record(recorder: Recorder) -> None:
    first_cases(recorder)
    for component in GATES:
        for resets in ({},) if component != "GRU" else ({"reset_after": False}, {"reset_after": True}):
            grid(recorder, component, resets)


def grid(recorder: Recorder, component: str, resets: dict[str, Any]) -> None:
    """All masks in all directions, whatever is returned; then activations with and without a bias, and first states."""
    for (returned, options), backwards, mask in itertools.product(RETURNED.items(), (False, True), (None, *MASKS)):
        if mask == "with-states":
            continue
        config = resets | options | ({"go_backwards": True} if backwards else {})
        inputs = {} if mask is None else {"mask": MASKS[mask]}
        case(recorder, component, f"grid-{returned}-{mask}{'-back' * backwards}", config, BOTH, **inputs)
    for activation, bias, returned in itertools.product(
        ("relu", "softsign", "linear", "elu"), (True, False), ("sequences", "states")
    ):
        config = resets | RETURNED[returned] | {"activation": activation, "use_bias": bias}
        config |= {} if component == "SimpleRNN" else {"recurrent_activation": "softsign"}
        case(recorder, component, f"grid-{activation}-{returned}{'' if bias else '-no_bias'}", config, BOTH)
    states = [normal((BATCH, UNITS), tag=f"state{i}") for i in range(STATES[component])]
    for returned, backwards in itertools.product(RETURNED, (False, True)):
        config = resets | RETURNED[returned] | ({"go_backwards": True} if backwards else {})
        name = f"grid-initial-{returned}{'-back' * backwards}"
        case(recorder, component, name, config, BOTH, initial_state=states)
    if component == "SimpleRNN":
        stateful(recorder, component, resets)
        case(recorder, component, "sequences" + FLOAT64, {"return_sequences": True}, ("tf_keras",))
        case(recorder, component, "unrolled", {"unroll": True}, BOTH)


def first_cases(recorder: Recorder) -> None:
    for component in ("LSTM", "GRU"):
        variants: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
            ("plain", {}, BOTH),
            ("sequences", {"return_sequences": True}, BOTH),
            ("backwards", {"go_backwards": True}, BOTH),
            ("backwards-sequences", {"go_backwards": True, "return_sequences": True}, BOTH),
            ("no-bias", {"use_bias": False, "return_sequences": True}, BOTH),
            ("relu", {"activation": "relu", "return_sequences": True}, BOTH),
            # Keras 3 has another function of this name.
            ("hard_sigmoid", {"recurrent_activation": "hard_sigmoid", "return_sequences": True}, ("tf_keras",)),
            ("implementation1", {"implementation": 1, "return_sequences": True}, BOTH),
            ("unrolled", {"unroll": True}, BOTH),
            ("states", {"return_state": True}, BOTH),
            ("sequences" + FLOAT64, {"return_sequences": True}, ("tf_keras",)),
        ]
        for resets in ({},) if component == "LSTM" else ({"reset_after": False}, {"reset_after": True}):
            for variant, options, sources in variants:
                case(recorder, component, variant, resets | options, sources)
            for mask in ("behind", "anywhere"):
                for options in ({}, {"return_sequences": True}, {"return_state": True}, {"go_backwards": True}):
                    case(recorder, component, f"mask-{mask}", resets | options, BOTH, mask=MASKS[mask])
            states = [normal((BATCH, UNITS), tag=f"state{i}") for i in range(2 if component == "LSTM" else 1)]
            case(recorder, component, "initial", resets | {"return_sequences": True}, BOTH, initial_state=states)
            case(
                recorder,
                component,
                "initial-mask",
                resets | {"return_state": True},
                BOTH,
                initial_state=states,
                mask=MASKS["with-states"],
            )
            stateful(recorder, component, resets)


def arrays_of(
    component: str, config: dict[str, Any], dtype: str = "float32", scale: float = 1.0
) -> tuple[np.ndarray, list[np.ndarray]]:
    columns = UNITS * GATES[component]
    bias = (2, columns) if config.get("reset_after") else (columns,)
    weights = [
        normal((FEATURES, columns), dtype, 0.8 * scale, "kernel"),
        normal((UNITS, columns), dtype, 0.8 * scale, "recurrent"),
        normal(bias, dtype, 0.5, "bias"),
    ]
    return normal((BATCH, STEPS, FEATURES), dtype), weights[: 3 if config.get("use_bias", True) else 2]


def name_of(component: str, variant: str, config: dict[str, Any]) -> str:
    reset = {None: "", False: "reset_before-", True: "reset_after-"}[config.get("reset_after")]
    name = f"{component}/{reset}{variant}"
    if variant.startswith("mask"):
        name += "".join(f"-{key}" for key in config if key != "reset_after")
    return name


def case(
    recorder: Recorder, component: str, variant: str, options: dict[str, Any], sources: tuple[str, ...], **inputs: Any
) -> None:
    config = {"units": UNITS, "activation": "tanh", "recurrent_activation": "sigmoid"} | options
    if component == "SimpleRNN":
        del config["recurrent_activation"]
    dtype = "float64" if variant.endswith(FLOAT64) else "float32"
    # What grows without bound from step to step would show the roundings of the first steps, enlarged.
    scale = 1.0 if config["activation"] == "tanh" or not variant.startswith("grid") else 0.5
    x, weights = arrays_of(component, config, dtype, scale)
    name = name_of(component, variant, options)
    recorder.keras(name, config, x, weights, sources, **inputs)
    usual = (config["activation"], config.get("recurrent_activation", "sigmoid")) == ("tanh", "sigmoid")
    if usual and config.get("reset_after", True) and "mask" not in inputs and config.get("use_bias", True):
        recorder.torch(name, config, x, weights, torch_function(component, config, **inputs), **inputs)


def torch_function(component: str, config: dict[str, Any], initial_state: Any = None) -> Callable[..., Any]:
    """torch's own layer behind Keras's layouts and order of gates."""
    module = getattr(torch.nn, component.removeprefix("Simple"))(FEATURES, UNITS, batch_first=True)
    # Keras: update, reset, candidate; torch: reset, update, candidate. An LSTM's gates have the same order in both.
    order = {"SimpleRNN": (0,), "LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2)}[component]

    def arranged(array: Any) -> Any:
        parts = torch.split(array, UNITS, -1)
        return torch.cat([parts[i] for i in order], -1)

    def function(t: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        bias, bias_recurrent = (bias, torch.zeros_like(bias)) if bias.dim() == 1 else (bias[0], bias[1])
        given = {
            "weight_ih_l0": arranged(kernel).T,
            "weight_hh_l0": arranged(recurrent).T,
            "bias_ih_l0": arranged(bias),
            "bias_hh_l0": arranged(bias_recurrent),
        }
        t = t.flip(1) if config.get("go_backwards") else t
        start = None
        if initial_state is not None:
            states = [torch.tensor(state)[None] for state in initial_state]
            start = tuple(states) if component == "LSTM" else states[0]
        ys, ends = functional_call(module, given, (t, start))
        y = ys if config.get("return_sequences") else ys[:, -1]
        ends = list(ends) if component == "LSTM" else [ends]
        return torch.cat([y, *(end[0] for end in ends)], -1) if config.get("return_state") else y

    return function


def stateful(recorder: Recorder, component: str, resets: dict[str, Any]) -> None:
    """The output of the third call: the states went on from the first two."""
    config = {
        "units": UNITS,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "stateful": True,
        "return_sequences": True,
    } | resets
    if component == "SimpleRNN":
        del config["recurrent_activation"]
    x, weights = arrays_of(component, config)
    for source in BOTH:
        layer = getattr(KERAS[source].layers, component)(**config)
        layer.build(x.shape)
        layer.set_weights(weights)
        for _ in range(3):
            y = to_numpy(layer(tensor(source, x)))
        arrays = {"x": x} | {f"w{i}": w for i, w in enumerate(weights)} | {"y": y}
        note = "The output of the third call; the states went on from the first two."
        recorder.archive.add(name_of(component, "stateful", resets), source, config, arrays, note)


if __name__ == "__main__":
    main(record)
