"""A workload in Keras 3, through ``fit``: ``train_keras.py WORKLOAD STEPS EPOCHS``, the backend from the environment."""

from __future__ import annotations

import functools
import sys

import keras
from epochs import epoch_clock, milliseconds, report, spans
from keras_shaped import train
from process_memory import status
from workloads import WORKLOADS, data


def main(name: str, steps: int, epochs: int) -> None:
    if keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(2)
    imported = status("VmRSS")
    workload = WORKLOADS[name]
    x, y = data(workload, steps)
    clock = epoch_clock(keras.callbacks.Callback)
    first, rest = train(keras, functools.partial(getattr, keras.layers), workload, x, y, clock, epochs + 1)
    ready = status("VmRSS")
    first_step = milliseconds(first)
    rest()
    report(keras.__version__, imported, ready, first_step, spans(clock.times, steps))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
