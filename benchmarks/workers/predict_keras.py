"""``predict`` of one row in Keras 3: ``predict_keras.py CALLS``, the backend from the environment."""

from __future__ import annotations

import json
import sys

import keras
import numpy as np
from calls import median_microseconds
from keras.layers import Dense


def main(calls: int) -> None:
    if keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(2)
    inputs = keras.Input((784,))
    hidden = Dense(512, activation="relu")(Dense(512, activation="relu")(inputs))
    model = keras.Model(inputs, Dense(10, activation="softmax")(hidden))
    x = np.random.default_rng(0).random((64, 784), np.float32)
    microseconds = median_microseconds(lambda: model.predict(x[:1], verbose=0), calls)
    json.dump({"version": keras.__version__, "predict_us": microseconds, "calls": calls}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
