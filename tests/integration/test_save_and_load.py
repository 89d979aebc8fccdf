"""Models of the real plugins, saved by one process and used by another; and what a crash or a full disk leaves."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import kcore
from kcore import Input, Model, Sequential, layers, load_model

GO_ON = """
import sys
import numpy as np
import kcore
path, data, out = sys.argv[1:]
with np.load(data) as arrays:
    x = [arrays[name] for name in sorted(arrays) if name.startswith("x")]
    y = [arrays[name] for name in sorted(arrays) if name.startswith("y")]
one = lambda items: items if len(items) > 1 else items[0]
model = kcore.load_model(path)
predictions = model.predict(one(x))
evaluated = model.evaluate(one(x), one(y), return_dict=True)
model.fit(one(x), one(y), batch_size=16, shuffle=False, verbose=0)
results = {f"p{i}": a for i, a in enumerate(predictions if isinstance(predictions, list) else [predictions])}
results |= {f"w{i:02d}": a for i, a in enumerate(model.get_weights())}
results |= {f"o{i:02d}": a for i, a in enumerate(model.optimizer.get_weights())}
np.savez(out, names=list(evaluated), values=list(evaluated.values()), **results)
"""
SAVE_AGAIN_AND_AGAIN = """
import sys
import kcore
model = kcore.load_model(sys.argv[1])
print("ready", flush=True)
while True:
    model.save(sys.argv[1])
"""
SAVE_ON_A_FULL_DISK = """
import resource, sys
import kcore
model = kcore.load_model(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
for save in (model.save, model.save_weights):
    try:
        save(sys.argv[1])
    except kcore.errors.FileWriteError as error:
        print(error)
"""


def cnn() -> tuple[Model, list[Any], list[Any]]:
    model = Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", padding="same", input_shape=(8, 8, 1)),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", kernel_regularizer="l2", kernel_constraint="max_norm"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    rng = np.random.default_rng(1)
    return model, [rng.random((48, 8, 8, 1)).astype(np.float32)], [rng.integers(0, 10, 48)]


def two_inputs() -> tuple[Model, list[Any], list[Any]]:
    image, numbers = Input((4, 4, 2), name="image"), Input((6,), name="numbers")
    shared = layers.Dense(5, activation="tanh", kernel_initializer="he_normal", name="shared")
    seen = shared(layers.Dense(6, name="seen")(layers.Flatten()(image)))
    ends = [layers.Dense(3, activation="softmax", name="kind")(seen), layers.Dense(1, name="size")(shared(numbers))]
    model = Model([image, numbers], ends, name="pair")
    rmsprop = kcore.optimizers.RMSprop(0.01, momentum=0.5)
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    model.compile(rmsprop, losses, {"kind": ["accuracy"], "size": ["mae"]}, loss_weights={"kind": 1.0, "size": 0.25})
    rng = np.random.default_rng(2)
    x = [rng.random((48, 4, 4, 2)).astype(np.float32), rng.random((48, 6)).astype(np.float32)]
    return model, x, [rng.integers(0, 3, 48), rng.random((48, 1)).astype(np.float32)]


def one(items: list[Any]) -> Any:
    return items if len(items) > 1 else items[0]


@pytest.mark.parametrize("make", [cnn, two_inputs])
def test_another_process_goes_on_to_the_bit(tmp_path: Path, make: Any) -> None:
    model, x, y = make()
    options: Any = {"batch_size": 16, "shuffle": False, "verbose": 0}
    model.fit(one(x), one(y), **options)
    model.save(tmp_path / "model.h5")
    predictions = model.predict(one(x))
    evaluated = model.evaluate(one(x), one(y), return_dict=True)
    arrays = {f"x{i}": a for i, a in enumerate(x)} | {f"y{i}": a for i, a in enumerate(y)}
    np.savez(tmp_path / "data.npz", **arrays)
    command = [sys.executable, "-W", "error", "-c", GO_ON]
    command += [str(tmp_path / name) for name in ("model.h5", "data.npz", "out.npz")]
    subprocess.run(command, check=True)
    model.fit(one(x), one(y), **options)
    with np.load(tmp_path / "out.npz") as found:
        for number, array in enumerate(predictions if isinstance(predictions, list) else [predictions]):
            np.testing.assert_array_equal(found[f"p{number}"], array)
        assert dict(zip(found["names"].tolist(), found["values"].tolist(), strict=True)) == evaluated
        for number, array in enumerate(model.get_weights()):
            np.testing.assert_array_equal(found[f"w{number:02d}"], array)
        assert model.optimizer is not None
        for number, array in enumerate(model.optimizer.get_weights()):
            np.testing.assert_array_equal(found[f"o{number:02d}"], array)


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.011, 0.023, 0.042])
def test_a_process_killed_while_saving_leaves_a_whole_model(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "model.h5"
    model = Sequential([layers.Dense(1000, input_shape=(500,))])
    model.save(path)
    command = [sys.executable, "-c", SAVE_AGAIN_AND_AGAIN, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        writer.kill()
    again = load_model(path)
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model.get_weights(), strict=True))


@pytest.mark.parametrize("limit", [0, 1_000, 20_000, 40_000])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "model.h5"
    model = Sequential([layers.Dense(200, input_shape=(100,))])
    model.save(path)
    content = path.read_bytes()
    # HDF5 writing to a full disk by itself crashes the process, sometimes only when it ends: the status is checked.
    command = [sys.executable, "-c", SAVE_ON_A_FULL_DISK, str(path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("was not written: File too large. A file that was there before is unchanged.") == 2
    assert done.stderr == ""
    assert path.read_bytes() == content and [item.name for item in tmp_path.iterdir()] == ["model.h5"]
    assert h5py.is_hdf5(path)
