"""Whole networks: losses of 20 training steps from the same weights and batches.

Keras's numbers come from compile and train_on_batch, PyTorch's from a loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from sklearn.datasets import load_digits

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, load_kcore_reference, precision

BATCH_SIZE = 32
STEPS = 20
WEIGHTS_KEY = 20
Layers = list[tuple[str, dict[str, Any]]]

CNN: Layers = [
    ("Conv2D", {"filters": 32, "kernel_size": 3, "activation": "relu", "padding": "same"}),
    ("Conv2D", {"filters": 64, "kernel_size": 3, "activation": "relu", "padding": "same"}),
    ("MaxPooling2D", {"pool_size": 2}),
    ("Flatten", {}),
    ("Dense", {"units": 128, "activation": "relu"}),
    ("Dense", {"units": 10, "activation": "softmax"}),
]
CNN_SHAPES = [(3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (1024, 128), (128,), (128, 10), (10,)]
MLP: Layers = [
    ("Dense", {"units": 32, "activation": "relu"}),
    ("Dense", {"units": 10, "activation": "softmax"}),
]
MLP_SHAPES = [(64, 32), (32,), (32, 10), (10,)]
OPTIMIZERS: dict[str, dict[str, dict[str, Any]]] = {
    "cnn": {
        "Adam": {"learning_rate": 0.001},
        "SGD": {"learning_rate": 0.02, "momentum": 0.9},
        "RMSprop": {"learning_rate": 0.001},
    },
    "mlp": {
        "Adam": {"learning_rate": 0.005},
        "SGD": {"learning_rate": 0.5, "momentum": 0.9},
        "RMSprop": {"learning_rate": 0.005},
    },
}
NETWORKS: dict[str, tuple[Layers, list[tuple[int, ...]], tuple[int, ...], str]] = {
    "cnn": (CNN, CNN_SHAPES, (8, 8, 1), "sparse_categorical_crossentropy"),
    "mlp": (MLP, MLP_SHAPES, (64,), "mean_squared_error"),
}


def batches(network: str, images: np.ndarray, labels: np.ndarray, dtype: str) -> list[tuple[np.ndarray, np.ndarray]]:
    x = (images / 16).astype(dtype).reshape(len(images), *NETWORKS[network][2])
    y = np.eye(10, dtype=dtype)[labels] if network == "mlp" else labels.astype("int64")
    return [(x[i : i + BATCH_SIZE], y[i : i + BATCH_SIZE]) for i in range(0, len(x), BATCH_SIZE)]


def keras_steps(
    source: str,
    network: str,
    optimizer: str,
    weights: list[np.ndarray],
    data: list[tuple[np.ndarray, np.ndarray]],
) -> tuple[list[float], list[float]]:
    library = KERAS[source]
    layers, _, input_shape, loss = NETWORKS[network]
    model = library.Sequential([library.Input(input_shape)])
    for class_name, config in layers:
        model.add(getattr(library.layers, class_name)(**config))
    model.set_weights(weights)
    made = getattr(library.optimizers, optimizer)(**OPTIMIZERS[network][optimizer])
    model.compile(optimizer=made, loss=loss, metrics=["accuracy"])
    losses, accuracies = [], []
    for x, y in data:
        # Otherwise the results are running means over the steps.
        model.reset_metrics()
        logs = model.train_on_batch(x, y, return_dict=True)
        losses.append(float(logs["loss"]))
        accuracies.append(float(logs["accuracy"]))
    return losses, accuracies


def torch_forward(network: str, x: torch.Tensor, w: list[torch.nn.Parameter]) -> torch.Tensor:
    """The logits; kernels and the flattened axis are in Keras's order."""
    if network == "mlp":
        return torch.relu(x @ w[0] + w[1]) @ w[2] + w[3]
    x = x.permute(0, 3, 1, 2)
    x = torch.relu(F.conv2d(x, w[0].permute(3, 2, 0, 1), w[1], padding="same"))
    x = torch.relu(F.conv2d(x, w[2].permute(3, 2, 0, 1), w[3], padding="same"))
    x = F.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1)
    return torch.relu(x @ w[4] + w[5]) @ w[6] + w[7]


def torch_steps(
    network: str, optimizer: str, weights: list[np.ndarray], data: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[list[float], list[float]]:
    parameters = [torch.nn.Parameter(torch.tensor(weight)) for weight in weights]
    config = OPTIMIZERS[network][optimizer]
    made: torch.optim.Optimizer
    if optimizer == "SGD":
        made = torch.optim.SGD(parameters, config["learning_rate"], momentum=config["momentum"])
    else:
        made = torch.optim.Adam(parameters, config["learning_rate"])
    losses, accuracies = [], []
    for step, (x, y) in enumerate(data, start=1):
        if optimizer == "Adam":
            made.param_groups[0]["eps"] = 1e-7 / (1 - 0.999**step) ** 0.5
        logits = torch_forward(network, torch.tensor(x), parameters)
        target = torch.tensor(y)
        if network == "mlp":
            loss = F.mse_loss(logits.softmax(-1), target)
            target = target.argmax(-1)
        else:
            loss = F.cross_entropy(logits, target)
        made.zero_grad()
        loss.backward()
        made.step()
        losses.append(loss.item())
        accuracies.append((logits.argmax(-1) == target).double().mean().item())
    return losses, accuracies


def sources(optimizer: str, dtype: str) -> list[str]:
    """Keras rounds to float32 inside a float64 network; RMSprop's epsilon is elsewhere in PyTorch."""
    keras = ["tf_keras", "keras3"] if dtype == "float32" else []
    return keras + (["torch"] if optimizer != "RMSprop" else [])


def note(source: str, network: str, optimizer: str) -> str:
    if (source, optimizer) == ("torch", "Adam"):
        return (
            "PyTorch's epsilon was set to epsilon / sqrt(1 - beta_2 ** t) before step t: Keras's definition. "
            "PyTorch computes 1 - beta_2 ** t in float64, Keras in float32: the losses drift apart by some "
            "1e-5, and a near tie may fall the other way in an accuracy."
        )
    if (source, network) == ("tf_keras", "cnn"):
        return "Keras 2 finds the softmax's input and computes the crossentropy from these logits."
    return ""


def main() -> None:
    reference = load_kcore_reference()
    archive = Archive("network", VERSIONS)
    digits = load_digits()
    rows = BATCH_SIZE * STEPS
    images, labels = digits.images[:rows].astype("uint8"), digits.target[:rows].astype("uint8")
    for dtype in ("float32", "float64"):
        for network, (layers, shapes, input_shape, loss) in NETWORKS.items():
            drawn = reference.glorot_uniform_weights(shapes, WEIGHTS_KEY)
            weights = [weight.astype(dtype) for weight in drawn]
            data = batches(network, images, labels, dtype)
            for optimizer, optimizer_config in OPTIMIZERS[network].items():
                config = {
                    "input_shape": list(input_shape),
                    "layers": [[class_name, arguments] for class_name, arguments in layers],
                    "loss": loss,
                    "optimizer": [optimizer, optimizer_config],
                    "batch_size": BATCH_SIZE,
                    "dtype": dtype,
                    "weights_key": WEIGHTS_KEY,
                    "weights_shapes": [list(shape) for shape in shapes],
                    "weights_sha256": [reference.sha256_of(weight) for weight in drawn],
                }
                label = f"{network}/{optimizer}" + ("-float64" if dtype == "float64" else "")
                for source in sources(optimizer, dtype):
                    with precision(dtype):
                        if source == "torch":
                            losses, accuracies = torch_steps(network, optimizer, weights, data)
                        else:
                            losses, accuracies = keras_steps(source, network, optimizer, weights, data)
                    arrays = {
                        "images": images,
                        "labels": labels,
                        "losses": np.array(losses, dtype),
                        "accuracies": np.array(accuracies, dtype),
                    }
                    archive.add(label, source, config, arrays, note(source, network, optimizer))
    archive.write(output_path())


if __name__ == "__main__":
    main()
