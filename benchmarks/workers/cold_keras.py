"""From nothing to a trained network in Keras 3: ``cold_keras.py STEPS``. The whole process is timed from outside."""

from __future__ import annotations

import sys

import numpy as np
from keras import Input, Model
from keras.layers import Dense

rng = np.random.default_rng(0)
count = 32 * int(sys.argv[1])
x, y = rng.random((count, 20), np.float32), rng.random((count, 1), np.float32)
inputs = Input((20,))
model = Model(inputs, Dense(1)(Dense(64, activation="relu")(Dense(64, activation="relu")(inputs))))
model.compile("adam", "mse")
model.fit(x, y, batch_size=32, epochs=1, verbose=0)
