"""One workload in kcore, through ``fit``."""

from __future__ import annotations

import sys

from workloads import WORKLOADS, data, report

import kcore
from kcore.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D


def network(name: str) -> kcore.Model:
    shape = WORKLOADS[name]["input"]
    if name == "mlp_mnist":
        layers = [
            Dense(512, activation="relu", input_shape=shape),
            Dropout(0.2),
            Dense(512, activation="relu"),
            Dropout(0.2),
            Dense(10, activation="softmax"),
        ]
    else:
        layers = [
            Conv2D(32, 3, activation="relu", input_shape=shape),
            Conv2D(64, 3, activation="relu"),
            MaxPooling2D(2),
            Dropout(0.25),
            Flatten(),
            Dense(128, activation="relu"),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    model = kcore.Sequential(layers)
    model.compile(WORKLOADS[name]["optimizer"], "sparse_categorical_crossentropy")
    return model


def main(name: str) -> None:
    x, y = data(name)
    model = network(name)
    batch = WORKLOADS[name]["batch"]
    report(name, "kcore", kcore.__version__, lambda: model.fit(x, y, batch_size=batch, epochs=1, verbose=0))


if __name__ == "__main__":
    main(sys.argv[1])
