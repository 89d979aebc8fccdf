"""What ``compile`` was told, as Keras 2 keeps it in a file's ``training_config``."""

from __future__ import annotations

import inspect
import json
import warnings
from typing import Any

from kcore.components.component import Component, plain
from kcore.components.loss import FunctionLoss
from kcore.components.metric import FunctionMetric
from kcore.errors.base import KcoreError
from kcore.errors.warnings import KcoreWarning
from kcore.models.architecture import content_errors, json_object
from kcore.models.keras_config import plain_config, without_neutral
from kcore.models.model import Model
from kcore.registry import registry
from kcore.registry.provenance import note_name

# Settings of Keras's components that kcore's do not have, and the values at which they change nothing; an empty tuple
# stands for any value. Any other value is refused by the component's constructor.
OPTIMIZER_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "weight_decay": (None, 0, False),
    "global_clipnorm": (None,),
    "use_ema": (False,),
    "ema_momentum": (),
    "ema_overwrite_frequency": (),
    "jit_compile": (),
    "is_legacy_optimizer": (),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
}
# Settings among them that some optimizers do have.
OWN_SETTINGS = {"adamw": ("weight_decay",), "lion": ("weight_decay",)}
OBJECTIVE_NEUTRAL: dict[str, tuple[Any, ...]] = {"fn": (), "dtype": (), "axis": (-1,), "ignore_class": (None,)}
# Names that ``compile`` understands by itself, whatever function Keras took for them.
ACCURACY = ("accuracy", "acc")
ADVICE = "load_model(..., compile=False) does without"


# --- writing ---------------------------------------------------------------------------------------------------------


def training_config(model: Model) -> str | None:
    """Optimizer, loss and metrics as JSON; ``None`` for a model that is not compiled."""
    objectives = model._objectives
    if objectives is None or model.optimizer is None:
        return None
    unknown: list[str] = []
    config = {
        "optimizer_config": registry("optimizers").serialize(model.optimizer),
        "loss": _saved(objectives.given["loss"], "losses", unknown),
        "metrics": _saved(objectives.given["metrics"], "metrics", unknown),
        "weighted_metrics": _saved(objectives.given["weighted_metrics"], "metrics", unknown),
        "sample_weight_mode": None,
        "loss_weights": objectives.given["loss_weights"],
    }
    if unknown:
        names = ", ".join(map(repr, unknown))
        readable = all(name.isidentifier() for name in unknown)
        objects = ", ".join(f"{name!r}: {name}" for name in unknown)
        advice = (
            f"To load the model, pass custom_objects={{{objects}}} to load_model, or register the function."
            if readable
            else "Give the function a name with def. The file is written without what compile() was told."
        )
        warnings.warn(
            KcoreWarning(
                f"Model {model.name!r} is compiled with {names}, which no plugin provides, so a file can only hold the "
                f"name. {advice}",
                model=model.name,
                functions=tuple(unknown),
            ),
            stacklevel=2,
        )
        if not readable:
            return None
    return json.dumps(config, default=plain)


def _saved(given: Any, family: str, unknown: list[str]) -> Any:
    """An identifier, or lists and dictionaries of such, as data; functions that no name leads to go to ``unknown``."""
    if isinstance(given, list | tuple):
        return [_saved(item, family, unknown) for item in given]
    if isinstance(given, dict):
        if "class_name" not in given:
            return {key: _saved(item, family, unknown) for key, item in given.items()}
        note_name(family, given["class_name"])
        return given
    if isinstance(given, FunctionLoss | FunctionMetric):
        given = given.function
    if inspect.isclass(given) and issubclass(given, Component):
        given = given()
    if isinstance(given, Component):
        return _for_keras_2(registry(family).serialize(given), type(given))
    if given is None or isinstance(given, str):
        given = _long_name(given) if family == "losses" and given else given
        if given:
            note_name(family, given)
        return given
    name = _name_of(given, family)
    if not _leads_to(name, family, given):
        unknown.append(name.partition(">")[2] or name)
    return name


def _for_keras_2(config: dict[str, Any], component: type[Component]) -> dict[str, Any]:
    """The config without arguments that Keras 2's losses do not all take, where they have the usual value."""
    parameters = inspect.signature(component).parameters
    left_out = {
        name
        for name, usual in (("axis", -1), ("ignore_class", None))
        if name in parameters and parameters[name].default == usual and config["config"].get(name, ...) == usual
    }
    return {**config, "config": {key: value for key, value in config["config"].items() if key not in left_out}}


def _long_name(name: str) -> str:
    """The name of the function that a loss's name means: Keras 3 reads ``mean_squared_error`` but not ``mse``."""
    try:
        function = registry("losses").load(name)
    except KcoreError:
        return name
    own = getattr(function, "__name__", name)
    return own if inspect.isfunction(function) and _leads_to(own, "losses", function) else name


def _name_of(function: Any, family: str) -> str:
    try:
        name = registry(family).serialize(function)
    except (KcoreError, TypeError):
        name = None
    return name if isinstance(name, str) else getattr(function, "__name__", type(function).__name__)


def _leads_to(name: str, family: str, function: Any) -> bool:
    try:
        return registry(family).get(name) is function
    except KcoreError:
        return False


# --- reading ---------------------------------------------------------------------------------------------------------


def compile_as_saved(model: Model, text: str, source: str) -> None:
    """Compile a model as the file says. Names are looked up in the registry and the custom objects in scope.

    Raises:
        FileContentError: the text is no training config, or asks for what no component here does.
        UnknownComponentError, DisabledComponentError, ...: the registry's own, for a component that cannot be had.
    """
    config = plain_config(json_object(text, source))
    with content_errors(source, "describes a training that cannot be set up", f"a training_config; {ADVICE}"):
        outputs = model.output_names()
        model.compile(
            optimizer=registry("optimizers").deserialize(_optimizer(config["optimizer_config"])),
            loss=_each(config["loss"], _loss),
            metrics=_metrics(config.get("metrics"), outputs),
            weighted_metrics=_metrics(config.get("weighted_metrics"), outputs),
            loss_weights=config.get("loss_weights"),
        )


def _optimizer(config: Any) -> Any:
    """An optimizer as Keras keeps it."""
    kind = str(config["class_name"]).rpartition(">")[2].lower()
    neutral = {key: values for key, values in OPTIMIZER_NEUTRAL.items() if key not in OWN_SETTINGS.get(kind, ())}
    settings = without_neutral(config["config"], neutral)
    if kind == "nadam" and "schedule_decay" not in settings:
        # Keras 2's older optimizer has it as decay, and no decay of the learning rate; the rule of the current one, and
        # of Keras 3, is that with 1. Theirs are the configs that speak of moving averages.
        current = "use_ema" in config["config"]
        settings["schedule_decay"] = 1.0 if current else settings.pop("decay", 0.004)
    return {"class_name": config["class_name"], "config": settings}


def _each(given: Any, convert: Any) -> Any:
    """Convert every identifier in a structure of lists and dictionaries."""
    if isinstance(given, list):
        return [_each(item, convert) for item in given]
    if isinstance(given, dict) and "class_name" not in given:
        return {key: _each(item, convert) for key, item in given.items()}
    return convert(given)


def _loss(identifier: Any) -> Any:
    """A loss as Keras keeps it: built-in ones with their function's name, functions in a wrapper."""
    if not isinstance(identifier, dict) or not isinstance(identifier.get("config"), dict):
        return identifier
    if identifier["class_name"] == "LossFunctionWrapper":
        return identifier["config"]["fn"]
    settings = without_neutral(identifier["config"], OBJECTIVE_NEUTRAL)
    if settings.get("reduction") == "auto":
        settings["reduction"] = "sum_over_batch_size"
    return {"class_name": identifier["class_name"], "config": settings}


def _metrics(given: Any, outputs: list[str]) -> Any:
    """Metrics as Keras keeps them: a list per output, ``None`` for none, functions in a wrapper."""

    def metric(identifier: Any) -> Any:
        if not isinstance(identifier, dict):
            return identifier
        settings = identifier["config"]
        if identifier["class_name"] != "MeanMetricWrapper":
            return {**identifier, "config": without_neutral(settings, OBJECTIVE_NEUTRAL)}
        name = settings.get("name") or ""
        for output in outputs:
            name = name.removeprefix(f"{output}_")
        # The short name is what logs showed; the function is the same.
        return name if name in ACCURACY or name in registry("metrics").names() else settings["fn"]

    found = _each(given, metric)
    if not isinstance(found, list):
        return found
    found = [[one for one in item if one is not None] if isinstance(item, list) else item for item in found]
    if len(outputs) > 1:
        return found
    # One output has one list; a list of such lists would be taken for a list of metrics.
    nested = len(found) == 1 and isinstance(found[0], list)
    return found[0] if nested else [item for item in found if item is not None]
