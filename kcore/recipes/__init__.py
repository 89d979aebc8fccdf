"""Recipes: a whole training as one YAML file that names its components and holds no code."""

from __future__ import annotations

from kcore.recipes.building import Data as Data
from kcore.recipes.building import build_callbacks as build_callbacks
from kcore.recipes.building import build_model as build_model
from kcore.recipes.building import compile_model as compile_model
from kcore.recipes.building import load_data as load_data
from kcore.recipes.overrides import parse_override as parse_override
from kcore.recipes.running import Training as Training
from kcore.recipes.running import evaluate as evaluate
from kcore.recipes.running import train as train
from kcore.recipes.schema import ComponentSpec as ComponentSpec
from kcore.recipes.schema import Recipe as Recipe
from kcore.recipes.schema import load_recipe as load_recipe

__all__ = [
    "ComponentSpec",
    "Data",
    "Recipe",
    "Training",
    "build_callbacks",
    "build_model",
    "compile_model",
    "evaluate",
    "load_data",
    "load_recipe",
    "parse_override",
    "train",
]
