"""The contract of callbacks: which hooks run, in which order, with which logs."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from kcore.components.callback import HOOKS, Callback, CallbackList
from kcore.errors import InvalidArgumentError


class Recorder(Callback):
    """Writes down the epochs it hears of, and adds to the logs."""

    def __init__(self, name: str, heard: list[Any]) -> None:
        self.name = name
        self.heard = heard

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.heard.append((self.name, "train", logs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        self.heard.append((self.name, epoch, dict(logs)))
        logs[self.name] = 1.0


class OldBatches(Callback):
    """Written for Keras 2: it knows `on_batch_*` only."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.heard.append(("begin", batch))

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.heard.append(("end", batch))


class NewBatches(OldBatches):
    """Has both spellings, and passes on to neither."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.heard.append(("new end", batch))


class Idle(Callback):
    """Its batch hook is there, but has nothing to read."""

    @property
    def wants_batch_logs(self) -> bool:
        return False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        pass


def run_every_hook(callbacks: CallbackList, logs: dict[str, float] | None = None) -> None:
    for hook in HOOKS:
        numbered = "batch" in hook or "epoch" in hook
        getattr(callbacks, hook)(*((0,) if numbered else ()), logs)


def test_hooks_are_those_keras_documents() -> None:
    runs = ("train", "test", "predict")
    wanted = {f"on_{run}_{at}" for run in runs for at in ("begin", "end")}
    wanted |= {f"on_{run}_batch_{at}" for run in runs for at in ("begin", "end")}
    wanted |= {"on_epoch_begin", "on_epoch_end"}
    assert set(HOOKS) == wanted


def test_order_is_the_order_given_and_later_callbacks_see_what_earlier_ones_add() -> None:
    heard: list[Any] = []
    callbacks = CallbackList([Recorder("a", heard), Recorder("b", heard)])
    callbacks.on_epoch_end(3, {"loss": 0.5})
    assert heard == [("a", 3, {"loss": 0.5}), ("b", 3, {"loss": 0.5, "a": 1.0})]


def test_the_trainers_logs_are_not_touched_and_each_dispatch_has_fresh_ones() -> None:
    heard: list[Any] = []
    callbacks = CallbackList([Recorder("a", heard)])
    logs = {"loss": 0.5}
    callbacks.on_epoch_end(0, logs)
    callbacks.on_epoch_end(1, logs)
    assert logs == {"loss": 0.5}
    assert heard[1] == ("a", 1, {"loss": 0.5})


def test_logs_are_an_empty_dict_where_there_are_none() -> None:
    heard: list[Any] = []
    CallbackList([Recorder("a", heard)]).on_train_begin()
    assert heard == [("a", "train", {})]


def test_model_and_params_reach_every_callback() -> None:
    first, second = Idle(), Callback()
    model = object()
    callbacks = CallbackList([first], model=model, params={"epochs": 2})
    assert (first.model, first.params) == (model, {"epochs": 2})
    callbacks.append(second)
    callbacks.set_model(model)
    callbacks.set_params({"epochs": 3})
    assert (second.model, second.params, first.params) == (model, {"epochs": 3}, {"epochs": 3})
    assert list(callbacks) == [first, second]
    assert len(callbacks) == 2


def test_a_callback_that_joins_later_gets_the_model_and_params_there_are() -> None:
    model = object()
    callbacks = CallbackList(model=model, params={"epochs": 2})
    late = Callback()
    callbacks.append(late)
    assert (late.model, late.params) == (model, {"epochs": 2})


def test_without_a_constructor_of_its_own_a_callback_has_no_model_and_no_params() -> None:
    callback = Callback()
    assert callback.model is None
    assert dict(callback.params) == {}


def test_the_names_of_keras_2_are_called_for_the_new_hooks() -> None:
    callback = OldBatches()
    callbacks = CallbackList([callback])
    callbacks.on_train_batch_begin(4)
    callbacks.on_train_batch_end(4)
    callbacks.on_batch_begin(5)
    callbacks.on_batch_end(5)
    assert callback.heard == [("begin", 4), ("end", 4), ("begin", 5), ("end", 5)]


def test_a_callback_with_both_names_is_called_by_the_new_one() -> None:
    callback = NewBatches()
    callbacks = CallbackList([callback])
    callbacks.on_train_batch_begin(4)
    callbacks.on_train_batch_end(4)
    assert callback.heard == [("begin", 4), ("new end", 4)]


def test_every_hook_reaches_a_callback_that_has_it() -> None:
    heard: list[tuple[str, tuple[Any, ...]]] = []
    callback = Callback()
    for hook in HOOKS:
        # Hooks set on the instance count as well: callbacks made of functions work this way.
        setattr(callback, hook, lambda *arguments, hook=hook: heard.append((hook, arguments)))
    run_every_hook(CallbackList([callback]), {"loss": 1.0})
    assert [hook for hook, _ in heard] == list(HOOKS)
    assert heard[0] == (HOOKS[0], ({"loss": 1.0},))
    assert dict(heard)["on_test_batch_end"] == (0, {"loss": 1.0})


def test_hooks_a_callback_does_not_have_are_not_called() -> None:
    class Careful(Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            pass

    callbacks = CallbackList([Careful()])
    assert [hook for hook in HOOKS if callbacks.listens_to(hook)] == ["on_epoch_end"]
    # A mapping that cannot be copied proves that nothing was dispatched.
    callbacks.on_train_batch_end(0, object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        callbacks.on_epoch_end(0, object())  # type: ignore[arg-type]


def test_a_callback_may_decline_a_hook_it_has_once_it_knows_the_run() -> None:
    class OnlyWhenAsked(OldBatches):
        def listens_to(self, hook: str) -> bool:
            return bool(self.params.get("verbose")) and super().listens_to(hook)

    callback = OnlyWhenAsked()
    callbacks = CallbackList([callback], params={"verbose": 0})
    callbacks.on_train_batch_end(0)
    callbacks.set_params({"verbose": 1})
    callbacks.on_train_batch_end(1)
    assert callback.heard == [("end", 1)]


@pytest.mark.parametrize(
    ("callbacks", "wanted"),
    [
        ([], False),
        ([Callback()], False),
        ([Idle()], False),
        ([OldBatches()], True),
        ([Idle(), NewBatches()], True),
    ],
)
def test_batch_logs_are_wanted_when_somebody_reads_them(callbacks: list[Callback], wanted: bool) -> None:
    assert CallbackList(callbacks).wants_batch_logs is wanted


@pytest.mark.parametrize("entry", ["EarlyStopping", None, 3])
def test_only_callbacks_are_taken(entry: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"CallbackList cannot take callbacks=.* Allowed: instances of"):
        CallbackList([entry])
    with pytest.raises(InvalidArgumentError):
        CallbackList().append(entry)


def test_a_class_in_place_of_an_instance_is_told_apart() -> None:
    with pytest.raises(InvalidArgumentError, match="this is a class: call it"):
        CallbackList([Idle])  # type: ignore[list-item]


def test_an_error_in_a_hook_is_the_callers_to_see_and_ends_the_dispatch() -> None:
    class Failing(Callback):
        def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
            raise RuntimeError("full disk")

    heard: list[Any] = []
    with pytest.raises(RuntimeError, match="full disk"):
        CallbackList([Failing(), Recorder("a", heard)]).on_train_begin()
    assert heard == []


def test_invalid_argument_error_holds_its_data_and_names_the_choices() -> None:
    error = InvalidArgumentError(component="Thing", argument="mode", value="up", allowed=("min", "max"))
    assert str(error) == "Thing cannot take mode='up'. Allowed: 'min', 'max'."
    data = {"component": "Thing", "argument": "mode", "value": "up", "allowed": ("min", "max")}
    assert vars(error).items() >= data.items()
    assert isinstance(error, ValueError)
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_invalid_argument_error_says_what_was_found_and_cuts_long_values() -> None:
    error = InvalidArgumentError(
        component="Thing", argument="path", value="x" * 500, allowed="a short path", found="it is long"
    )
    assert str(error).endswith("... (it is long). Allowed: a short path.")
    assert len(str(error)) < 300
