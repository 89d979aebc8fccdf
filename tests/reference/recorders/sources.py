"""The frameworks, set to one thread and fixed kernels, with their versions and gradients."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

# torch before tensorflow: the other order has clashed over shared libraries in the past.
import torch  # isort: skip
import tensorflow as tf  # isort: skip
import keras
import numpy as np
import tf_keras

if keras.backend.backend() != "torch":
    raise SystemExit("set KERAS_BACKEND=torch: Keras 3 is recorded on kernels other than TensorFlow's")

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
# Beside TensorFlow in one process, its oneDNN has crashed in the gradient of a convolution.
torch.backends.mkldnn.enabled = False


def _public_version(distribution: str) -> str:
    """The version without the build's local part, such as ``+cpu``."""
    return version(distribution).split("+", 1)[0]


_TF_KERAS = {name: _public_version(name) for name in ("tf_keras", "tensorflow")}
VERSIONS: dict[str, dict[str, str]] = {
    "tf_keras": _TF_KERAS,
    "tf_keras.legacy": _TF_KERAS,
    "keras3": {name: _public_version(name) for name in ("keras", "torch")},
    "torch": {"torch": _public_version("torch")},
    "sklearn": {"scikit-learn": _public_version("scikit-learn")},
}

KERAS: dict[str, Any] = {"tf_keras": tf_keras, "keras3": keras}
# Keras 3 promotes (float64, float64) to float32, so matmul, maximum, the cast of a number and the losses'
# reductions round on the way. Members built on these have their float64 numbers from the others.
KERAS_FLOAT64 = ("tf_keras",)


@contextmanager
def precision(dtype: str) -> Iterator[None]:
    """Make ``dtype`` the default of both Keras libraries. Else they round float64 constants to float32."""
    before = keras.config.dtype_policy()
    for library in KERAS.values():
        library.backend.set_floatx(dtype)
    # Keras 3 keeps the policy that it made from the first floatx.
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        for library in KERAS.values():
            library.backend.set_floatx("float32")
        keras.config.set_dtype_policy(before)


def generator(*parts: object) -> np.random.Generator:
    """A seeded generator for inputs: the same parts, the same numbers."""
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))


def normal(shape: Sequence[int], dtype: str = "float32", scale: float = 1.0, tag: str = "") -> np.ndarray:
    """Normal numbers that depend on shape and tag only, so that equal inputs are stored once."""
    return (generator(tuple(shape), tag).standard_normal(shape) * scale).astype(dtype)


def to_numpy(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        # A copy: the optimizers change parameters in place.
        return value.detach().cpu().numpy().copy()
    return np.array(value)


def tensor(source: str, array: np.ndarray) -> Any:
    """An array as a constant of the source's engine."""
    return tf.constant(array) if source.startswith("tf_keras") else torch.tensor(array)


def pull_back(
    source: str, function: Callable[..., Any], arrays: Sequence[np.ndarray], weights: Sequence[Any] = ()
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Record ``y = function(*arrays)``, a cotangent ``g`` of y's shape, and the gradients of ``sum(y * g)``.

    The gradients are with respect to the arrays, then the weights. A scalar y has the cotangent 1.
    """
    if source.startswith("tf_keras"):
        constants = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            for constant in constants:
                tape.watch(constant)
            output = function(*constants)
        y = to_numpy(output)
        g = _cotangent(y)
        found = tape.gradient(
            output, [*constants, *weights], output_gradients=tf.constant(g), unconnected_gradients="zero"
        )
        return y, g, [to_numpy(tf.convert_to_tensor(gradient)) for gradient in found]
    tensors = [torch.tensor(array, requires_grad=array.dtype.kind == "f") for array in arrays]
    output = function(*tensors)
    y = to_numpy(output)
    g = _cotangent(y)
    inner = [weight if isinstance(weight, torch.Tensor) else weight.value for weight in weights]
    if not output.requires_grad:
        # A constant, such as the penalty of a regularizer with factors of 0.
        return y, g, [np.zeros(tuple(t.shape), to_numpy(t).dtype) for t in (*tensors, *inner)]
    found = torch.autograd.grad(output, [*tensors, *inner], torch.tensor(g), allow_unused=True, materialize_grads=True)
    return y, g, [to_numpy(gradient) for gradient in found]


def _cotangent(y: np.ndarray) -> np.ndarray:
    return normal(y.shape, y.dtype.name, tag="cotangent") if y.ndim else np.ones((), y.dtype)


def load_kcore_reference() -> ModuleType:
    """kcore's module of the weight draws, loaded by path: kcore is not installed in this environment."""
    path = Path(__file__).resolve().parents[3] / "kcore" / "testing" / "reference.py"
    spec = importlib.util.spec_from_file_location("kcore_testing_reference", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    # dataclasses looks the module up by name while the class is made.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
