"""The models room: graphs of layers, Sequential, summaries, and the doors to files."""

from __future__ import annotations

from kcore.models.architecture import model_from_config as model_from_config
from kcore.models.architecture import model_from_json as model_from_json
from kcore.models.functional import Functional as Functional
from kcore.models.inputs import Input as Input
from kcore.models.inputs import InputLayer as InputLayer
from kcore.models.model import Model as Model
from kcore.models.persistence import load_model as load_model
from kcore.models.persistence import save_model as save_model
from kcore.models.sequential import Sequential as Sequential

__all__ = [
    "Functional",
    "Input",
    "InputLayer",
    "Model",
    "Sequential",
    "load_model",
    "model_from_config",
    "model_from_json",
    "save_model",
]
