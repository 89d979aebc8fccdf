"""From names in a recipe to components: what is made, and what is told when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kcore
from kcore.errors import GraphError, InvalidArgumentError, LayerInputError, RecipeError, UnknownComponentError
from kcore.recipes import build_callbacks, build_model, compile_model, load_data
from kcore.recipes.components import accepted_arguments
from kcore.recipes.document import parse_document
from kcore.recipes.schema import Recipe, check_recipe
from kcore.registry import registry


def recipe(text: str) -> Recipe:
    return check_recipe(parse_document(text, "r.yaml"))


def notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


@pytest.fixture
def local() -> Iterator[Any]:
    """Registers things for one test."""
    registered: list[tuple[Any, str]] = []

    def register(family: str, thing: Any) -> None:
        registry(family).register(thing)
        registered.append((registry(family), thing.__name__))

    yield register
    for one, name in registered:
        one.unregister(name)


def test_a_model_is_made_of_its_layers() -> None:
    model = build_model(
        recipe(
            """
            model:
              - Conv2D: {filters: 4, kernel_size: [3, 3], input_shape: [8, 8, 1], kernel_initializer: he_normal}
              - Flatten
              - kcore-layers>Dense: {units: 3, kernel_initializer: {class_name: Constant, config: {value: 0.5}}}
            """
        )
    )
    assert [type(layer).__name__ for layer in model.layers] == ["Conv2D", "Flatten", "Dense"]
    assert model.output_shape == (None, 3)
    assert (model.layers[2].get_weights()[0] == 0.5).all()


def test_a_model_is_made_of_its_config() -> None:
    inputs = kcore.Input((4,), name="x")
    config = kcore.Model(inputs, kcore.layers.Dense(2, name="out")(inputs), name="graph").to_json()
    model = build_model(_of(config))
    assert model.name == "graph"
    assert model.output_shape == (None, 2)


def _of(config: str) -> Recipe:
    import json

    loaded = json.loads(config)
    return recipe(json.dumps({"model": {key: loaded[key] for key in ("class_name", "config")}}))


def test_compile_gets_names_as_names_and_options_as_components() -> None:
    said = recipe(
        """
        model: [{Dense: {units: 1, input_shape: [4]}}]
        compile:
          optimizer: {SGD: {learning_rate: 0.5}}
          loss: mse
          metrics: [mae, {MeanSquaredError: {name: error}}]
        """
    )
    model = build_model(said)
    compile_model(said, model)
    assert type(model.optimizer).__name__ == "SGD"
    assert float(np.asarray(model.optimizer.learning_rate)) == 0.5  # type: ignore[union-attr]
    assert model.metrics_names == ["loss", "mae", "error"]


def test_the_optimizer_is_rmsprop_by_default() -> None:
    said = recipe("model: [{Dense: {units: 1, input_shape: [4]}}]\ncompile: {loss: mse}")
    model = build_model(said)
    compile_model(said, model)
    assert type(model.optimizer).__name__ == "RMSprop"


def test_callbacks_are_made_in_order() -> None:
    made = build_callbacks(recipe("callbacks: [History, {EarlyStopping: {monitor: loss, patience: 3}}]"))
    assert [type(one).__name__ for one in made] == ["History", "EarlyStopping"]
    assert made[1].patience == 3  # type: ignore[attr-defined]


def test_data_come_from_a_dataset(local: Any) -> None:
    def pairs(count: int = 4) -> Any:
        x = np.arange(count * 2.0).reshape(count, 2)
        return (x, x[:, 0]), (x[:1], x[:1, 0])

    local("datasets", pairs)
    data = load_data(recipe("data: {pairs: {count: 6}}"))
    assert (data.name, data.x_train.shape, data.y_train.shape, data.x_test.shape) == ("pairs", (6, 2), (6,), (1, 2))


@pytest.mark.parametrize("result", [None, 3, ((1, 2), 3), ((1, 2), (3, 4), (5, 6))])
def test_a_dataset_of_another_form_is_refused(local: Any, result: Any) -> None:
    def strange() -> Any:
        return result

    local("datasets", strange)
    with pytest.raises(RecipeError) as caught:
        load_data(recipe("seed: 1\ndata: strange"))
    assert str(caught.value) == (
        f"r.yaml, line 2, data: the dataset strange gave a {type(result).__name__} of another form. "
        "Allowed: datasets that give (x_train, y_train), (x_test, y_test)."
    )


@pytest.mark.parametrize(
    ("text", "build", "place"),
    [
        ("model:\n  - Flatten\n  - Dens: {units: 3}", build_model, "line 3, model[1]"),
        ("callbacks:\n  - CSVLoger", build_callbacks, "line 2, callbacks[0]"),
        ("data: digit", load_data, "line 1, data"),
    ],
)
def test_an_unknown_name_is_the_registrys_error_with_the_place(text: str, build: Any, place: str) -> None:
    with pytest.raises(UnknownComponentError, match="Did you mean") as caught:
        build(recipe(text))
    assert notes(caught.value) == [f"Asked for by the recipe: r.yaml, {place}."]


@pytest.mark.parametrize(
    ("compiled", "place"),
    [
        ("optimizer: Adem\n  loss: mse", "line 3, compile.optimizer"),
        ("loss: mze", "line 3, compile.loss"),
        ("loss: mse\n  metrics: [mae, akkuracy]", "line 4, compile.metrics[1]"),
        ("loss: {MeanSquaredErrer: {}}", "line 3, compile.loss"),
    ],
)
def test_an_unknown_name_in_compile_has_its_place(compiled: str, place: str) -> None:
    said = recipe(f"model: [{{Dense: {{units: 1, input_shape: [4]}}}}]\ncompile:\n  {compiled}")
    with pytest.raises(UnknownComponentError) as caught:
        compile_model(said, build_model(said))
    assert notes(caught.value) == [f"Asked for by the recipe: r.yaml, {place}."]


def test_an_unknown_name_within_options_has_the_components_place() -> None:
    with pytest.raises(UnknownComponentError, match="No initializer named 'glorrot'") as caught:
        build_model(recipe("model:\n  - Dense:\n      units: 3\n      kernel_initializer: glorrot"))
    assert notes(caught.value) == ["Asked for by the recipe: r.yaml, line 2, model[0]."]


def test_an_option_that_a_component_refuses_has_its_line() -> None:
    with pytest.raises(InvalidArgumentError, match="Dense cannot take units=-3") as caught:
        build_model(recipe("model:\n  - Dense:\n      use_bias: false\n      units: -3\n"))
    assert notes(caught.value) == ["Asked for by the recipe: r.yaml, line 4, model[0].Dense.units."]


def test_layers_that_do_not_fit_have_their_place() -> None:
    with pytest.raises(LayerInputError) as caught:
        build_model(recipe("model:\n  - Dense: {units: 3, input_shape: [4]}\n  - Conv2D: {filters: 1, kernel_size: 2}"))
    assert notes(caught.value) == ["Asked for by the recipe: r.yaml, line 3, model[1]."]


def test_two_layers_of_one_name_have_their_place() -> None:
    with pytest.raises(GraphError) as caught:
        build_model(recipe("model:\n  - Flatten: {name: a}\n  - Flatten: {name: a}"))
    assert notes(caught.value) == ["Asked for by the recipe: r.yaml, line 3, model[1]."]


def test_an_unknown_option_is_refused_with_near_ones() -> None:
    with pytest.raises(RecipeError) as caught:
        build_model(recipe("model:\n  - Dense:\n      unit: 3"))
    text = str(caught.value)
    assert text.startswith(
        "r.yaml, line 3, model[0].Dense.unit: Dense has no option 'unit'. Did you mean 'units'? Allowed: units, "
    )
    # What Layer takes is allowed as well.
    assert "input_shape" in text


def test_an_unknown_option_of_a_closed_component_is_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        load_data(recipe("data: {digits: {testsize: 0.5}}"))
    assert str(caught.value) == (
        "r.yaml, line 1, data.digits.testsize: digits has no option 'testsize'. Did you mean 'test_size'? "
        "Allowed: test_size, seed, flat."
    )


def test_a_missing_option_is_told() -> None:
    with pytest.raises(RecipeError) as caught:
        build_model(recipe("model:\n  - Flatten\n  - Dense"))
    assert str(caught.value) == (
        "r.yaml, line 3, model[1]: Dense cannot be made with these options (missing a required argument: 'units')."
    )
    assert isinstance(caught.value.__cause__, TypeError)


def test_options_of_a_function_are_refused() -> None:
    said = recipe("model: [{Dense: {units: 1, input_shape: [4]}}]\ncompile: {loss: {mse: {delta: 1}}}")
    with pytest.raises(RecipeError) as caught:
        compile_model(said, build_model(said))
    assert str(caught.value) == (
        "r.yaml, line 2, compile.loss.mse: mse is a function and takes no options. Allowed: its name alone, mse."
    )


def test_a_component_that_fails_is_told_with_its_place_and_cause(local: Any) -> None:
    class Fragile(kcore.callbacks.Callback):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self, size: int) -> None:
            self.size = 10 // size

    local("callbacks", Fragile)

    class Failing(kcore.callbacks.Callback):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self, name: str) -> None:
            self.index = ["a"].index(name)

    local("callbacks", Failing)
    with pytest.raises(RecipeError) as caught:
        build_callbacks(recipe("callbacks: [{Failing: {name: b}}]"))
    assert str(caught.value) == (
        "r.yaml, line 1, callbacks[0].Failing: Failing cannot be made with these options "
        "(ValueError: 'b' is not in list)."
    )
    assert isinstance(caught.value.__cause__, ValueError)
    # What no argument explains is a defect, and stays what it is.
    with pytest.raises(ZeroDivisionError):
        build_callbacks(recipe("callbacks: [{Fragile: {size: 0}}]"))


def test_missing_sections_are_told() -> None:
    for build, section in ((load_data, "data"), (build_model, "model")):
        with pytest.raises(RecipeError, match=f"there is no section '{section}'"):
            build(recipe("seed: 1"))
    said = recipe("model: [{Dense: {units: 1, input_shape: [4]}}]")
    with pytest.raises(RecipeError, match="there is no section 'compile', which compiling a model needs"):
        compile_model(said, build_model(said))


class Base:
    def __init__(self, *, name: str = "", size: int = 0) -> None: ...


class Handing(Base):
    def __init__(self, units: int, **kwargs: Any) -> None: ...


class Closed(Handing):
    def __init__(self, width: int) -> None: ...


class Open:
    def __init__(self, **kwargs: Any) -> None: ...


def test_the_arguments_that_a_component_takes() -> None:
    assert accepted_arguments(Handing) == (["units", "name", "size"], True)
    assert accepted_arguments(Closed) == (["width"], False)
    assert accepted_arguments(Open) == ([], True)
    assert accepted_arguments(lambda a, *, b=1: a) == (["a", "b"], False)
    assert accepted_arguments(lambda a, **more: a) == (["a"], True)


def test_an_option_that_is_taken_without_being_named_is_passed_on(local: Any) -> None:
    class Generous(kcore.callbacks.Callback):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self, **kwargs: Any) -> None:
            self.size = kwargs.pop("size")

    local("callbacks", Generous)
    (made,) = build_callbacks(recipe("callbacks: [{Generous: {size: 3}}]"))
    assert made.size == 3  # type: ignore[attr-defined]
