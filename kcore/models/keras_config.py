"""Configs as the versions of Keras write them, brought into the one form that kcore reads.

The form is Keras 2's: ``{"class_name": ..., "config": {...}}``. This is the only place that knows the others'.
"""

from __future__ import annotations

from typing import Any

# Keras 2's separable layers take Conv's kernel arguments from a base class, and have no such kernel.
_SEPARABLE: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "kernel_initializer": (),
    "kernel_regularizer": (),
    "kernel_constraint": (),
}
# Settings of Keras that kcore's components do not have, and the values at which they change nothing. At these values
# they are dropped; at any other the component's constructor refuses them.
NEUTRAL: dict[str, dict[str, tuple[Any, ...]]] = {
    "InputLayer": {"optional": (False,), "sparse": (False, None), "ragged": (False, None)},
    "BatchNormalization": {
        "synchronized": (False,),
        "renorm": (False,),
        # They say how, if renorm.
        "renorm_clipping": (),
        "renorm_momentum": (),
    },
    "Conv1DTranspose": {"groups": (1,)},
    "Conv2DTranspose": {"groups": (1,)},
    "Conv3DTranspose": {"groups": (1,)},
    "Dense": {"quantization_config": (None,), "lora_rank": (None,), "lora_alpha": (None,)},
    "DepthwiseConv1D": {"groups": (1,)},
    "DepthwiseConv2D": {"groups": (1,)},
    "Embedding": {"quantization_config": (None,), "lora_rank": (None,), "lora_alpha": (None,), "sparse": (False,)},
    **{
        name: {"time_major": (False,)}
        for name in ("SimpleRNN", "GRU", "LSTM", "RNN", "CuDNNLSTM", "CuDNNGRU", "ConvLSTM2D")
    },
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    **{
        f"{kind}{distribution}": {"input_axes": (None,), "output_axes": (None,)}
        for kind in ("Glorot", "He", "Lecun")
        for distribution in ("Normal", "Uniform")
    },
    "VarianceScaling": {"input_axes": (None,), "output_axes": (None,)},
    "LayerNormalization": {"rms_scaling": (False,)},
    # It says how masked entries are left out, not which.
    "Softmax": {"robust_masking": ()},
    "SpatialDropout1D": {"noise_shape": (None,)},
    "SpatialDropout2D": {"noise_shape": (None,)},
    "SpatialDropout3D": {"noise_shape": (None,)},
}
# How Keras marks what JSON has no notation for.
SEQUENCES = ("__tuple__", "TensorShape")
DTYPE_POLICIES = ("DTypePolicy", "Policy")


def plain_config(config: Any) -> Any:
    """A config, at any depth, without what only some version of Keras writes.

    * ``module``, ``registered_name``, ``build_config`` beside a class name are left out: names are looked up, never
      imported.
    * The package ``Custom`` that Keras puts before names of its own is left out.
    * A dtype policy becomes the name of its dtype, a marked tuple a list, a wrapped function its name.
    * ``batch_shape`` of an ``InputLayer`` becomes ``batch_input_shape``.
    * Settings at a value that changes nothing are dropped (``NEUTRAL``).

    Raises:
        RecursionError: it is nested too deeply.
    """
    if isinstance(config, list):
        return [plain_config(item) for item in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str):
        return {key: plain_config(value) for key, value in config.items()}
    inner = config.get("config")
    if name in SEQUENCES:
        return plain_config(config.get("items") or [])
    if name in DTYPE_POLICIES and isinstance(inner, dict):
        return inner.get("name")
    if name == "function" and isinstance(inner, str):
        return inner
    registered = config.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        name = registered
    return {
        "class_name": name.removeprefix("Custom>"),
        "config": _settings(name, plain_config(inner)),
        **{key: plain_config(config[key]) for key in ("name", "inbound_nodes") if key in config},
    }


def _settings(class_name: str, config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    if class_name == "InputLayer" and "batch_shape" in config:
        config["batch_input_shape"] = config.pop("batch_shape")
    return without_neutral(config, NEUTRAL.get(class_name, {}))


def without_neutral(config: dict[str, Any], neutral: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The config without the keys that have a value which changes nothing; an empty tuple stands for any value."""
    return {
        key: value
        for key, value in config.items()
        if key not in neutral or (neutral[key] and not any(value == allowed for allowed in neutral[key]))
    }
