"""kcore: a Keras-shaped deep-learning framework whose components are all plugins.

The core knows contracts and arrays. Layers, losses, optimizers and all other components are found by name among
the installed distributions: ``kcore.layers.Dense`` imports the one plugin module that has it, and nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Everything public, by the module that has it; a module is imported when a name of it is first used.
_EXPORTS = {
    "kcore.engine": ("Array", "Shape", "Variable", "grad", "value_and_grad"),
    "kcore.engine.numpy_backend": ("set_threads",),
    "kcore.engine.random": ("KeySequence", "set_random_seed"),
    "kcore.engine.settings": (
        "epsilon",
        "floatx",
        "image_data_format",
        "set_epsilon",
        "set_floatx",
        "set_image_data_format",
    ),
    "kcore.training.explain": ("explain",),
    "kcore.models": ("Input", "Model", "Sequential", "load_model", "model_from_json", "save_model"),
    "kcore.registry.api": ("PLUGIN_API",),
    "kcore.registry": ("custom_object_scope", "deserialize", "serialize"),
}
_MODULES = (
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "datasets",
    "errors",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "registry",
    "regularizers",
    "schedules",
    "testing",
)
_HOME = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = ["__version__", *_HOME, *_MODULES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = import_module(f"kcore.{name}")
    else:
        raise AttributeError(f"module 'kcore' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_MODULES})
