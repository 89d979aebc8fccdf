"""The checks of callbacks find what is wrong: a callback for each."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.callbacks import Callback
from kcore.errors import InvalidArgumentError, KcoreWarning
from kcore.registry import registry
from kcore.testing.callbacks import CHECKS, OWN_LOGS, CallbackCase, use
from kcore.testing.folders import new_folder
from kcore.testing.observed_training import Training, same_training, state_of
from kcore.testing.plain_training import Descent, plain_data, plain_model
from kcore.testing.watching import files_changed


class Keeper(Callback):
    """Keeps the contract: the losses so far, the best one, and a file with the last."""

    def __init__(self, path: str, monitor: str = "val_loss") -> None:
        self.path = path
        self.monitor = monitor
        self.losses: list[float] = []
        self.best = float("inf")

    def on_train_begin(self, logs: Any = None) -> None:
        self.losses = []
        self.best = float("inf")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(KcoreWarning(f"There is no {self.monitor}."), stacklevel=2)
            return
        self.losses.append(value)
        self.best = min(self.best, value)
        Path(self.path).write_text(str(value))


class Slower(Callback):
    """Keeps the contract: halves the learning rate after each epoch, and logs it."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.rate = float(self.model.optimizer.learning_rate)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["lr"] = self.rate
        self.rate *= 0.5
        self.model.optimizer.learning_rate = self.rate


class Demanding(Callback):
    """Keeps the contract: refuses to do without validation data."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if "val_loss" not in (logs or {}):
            raise InvalidArgumentError(component="Demanding", argument="logs", value=logs, allowed="with val_loss")


class ByTheBatch(Callback):
    """Keeps the contract, with Keras 2's names of hooks; asks for no logs."""

    @property
    def wants_batch_logs(self) -> bool:
        return False

    def on_batch_begin(self, batch: int, logs: Any = None) -> None: ...

    def on_batch_end(self, batch: int, logs: Any = None) -> None: ...


RIGHT: dict[type[Callback], dict[str, Any]] = {
    Keeper: {"config": {"path": "{folder}/last"}, "writes": True},
    Slower: {"changes_training": True, "adds": ["lr"]},
    Demanding: {"needs_validation": True},
    ByTheBatch: {},
}


# --- wrong ones ------------------------------------------------------------------------------------------------------


class NoCallback:
    """Has the name of one."""


class ForgetsItsMonitor(Keeper):
    def get_config(self) -> dict[str, Any]:
        return {"path": self.path, "monitor": "val_loss" if self.monitor == "loss" else "loss"}


class KeepsItsLossInTheConfig(Keeper):
    def on_train_end(self, logs: Any = None) -> None:
        self.monitor = f"{self.monitor} of {self.losses[-1]}"


class AnotherNameEachTime(Callback):
    made = 0

    def __init__(self, number: int = 0) -> None:
        self.number = number

    @classmethod
    def from_config(cls, config: Any) -> Any:
        cls.made += 1
        return cls(cls.made)


class CannotBePickled(Callback):
    def __init__(self) -> None:
        self.function = lambda x: x


class CopiesDoNothing(Keeper):
    copied = False

    def __deepcopy__(self, memo: Any) -> Any:
        again = type(self)(self.path, self.monitor)
        again.copied = True
        return again

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not self.copied:
            super().on_epoch_end(epoch, logs)


class CopiesStop(Slower):
    copied = False

    def __deepcopy__(self, memo: Any) -> Any:
        again = type(self)()
        again.copied = True
        return again

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.model.stop_training = self.copied


class NeedsLogs(Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs.get("loss")


class NeedsLogsOfBatches(Callback):
    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen = len(logs)


class RefusesWithoutNeed(Demanding):
    """Its case does not say that it refuses anything."""


class WarnsOfItself(Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not logs:
            warnings.warn("There are no logs.", RuntimeWarning, stacklevel=2)


class RoundsTheLoss(Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs:
            logs["loss"] = round(logs["loss"], 1)


class EmptiesTheLogs(Callback):
    def on_test_end(self, logs: Any = None) -> None:
        if logs:
            logs.clear()


class AddsInSecret(Slower):
    """Its case does not say what it adds."""


class AddsAText(Callback):
    def on_train_begin(self, logs: Any = None) -> None:
        if logs is not None:
            logs["lr"] = "0.1"


class StopsTheNextTraining(Callback):
    used = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = self.used

    def on_train_end(self, logs: Any = None) -> None:
        self.used = True


class GoesOnCounting(Callback):
    def __init__(self) -> None:
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1


class KeepsTheBest(Keeper):
    def on_train_begin(self, logs: Any = None) -> None:
        self.losses = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.best -= 1.0


class ChangesInSecret(Slower):
    """Its case does not say that the training is another."""


class ChangesNothing(Keeper):
    """Its case says that the training is another."""


class ListensToAll(Callback):
    def listens_to(self, hook: str) -> bool:
        return True


class WantsLogsPerhaps(ByTheBatch):
    wants_batch_logs = None  # type: ignore[assignment]


class WithoutValidationNothing(Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs:
            logs["val_loss"] += 0.0


class WarnsTheUserOtherwise(Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs and "val_loss" not in logs:
            warnings.warn("There is no val_loss.", UserWarning, stacklevel=2)


class DemandsNothing(Keeper):
    """Its case says that it needs validation data."""


class WritesWhereItIs(Keeper):
    def on_train_end(self, logs: Any = None) -> None:
        Path("notes").write_text("done")


class WritesElsewhere(Keeper):
    def on_train_end(self, logs: Any = None) -> None:
        with tempfile.TemporaryFile("w") as file:
            file.write("done")


class HoldsAFile(Keeper):
    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        self.file = open(f"{self.path}.log", "w")  # noqa: SIM115

    def on_train_end(self, logs: Any = None) -> None:
        self.file.close()


class WritesNothing(Callback):
    """Its case says that it writes."""


class WritesInSecret(Keeper):
    """Its case does not say that it writes."""


class StaysInTheMiddle(Callback):
    """Notices that a training began only where the one before has ended."""

    running = False

    def __init__(self) -> None:
        self.epochs = 0

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.running:
            self.epochs = 0
        self.running = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1

    def on_train_end(self, logs: Any = None) -> None:
        self.running = False


class StopsAfterAnError(StaysInTheMiddle):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = self.epochs > 3


KEEPS = RIGHT[Keeper]
WRONG: list[tuple[Any, str, dict[str, Any], str]] = [
    (NoCallback, "config", {}, "NoCallback makes a NoCallback, no Callback"),
    (ForgetsItsMonitor, "config", KEEPS, "the config .* makes"),
    (KeepsItsLossInTheConfig, "config", KEEPS, "a training changed the config"),
    (AnotherNameEachTime, "names", {}, "the name 'AnotherNameEachTime' makes"),
    (CannotBePickled, "copies", {}, "pickle"),
    (CopiesDoNothing, "copies", KEEPS, "after a training, a copy has"),
    (CopiesStop, "copies", {}, "of a training with a copy, loss is"),
    (NeedsLogs, "hooks", {}, "on_epoch_end without logs ends in AttributeError"),
    (NeedsLogsOfBatches, "hooks", {}, "on_test_batch_end without logs ends in TypeError"),
    (RefusesWithoutNeed, "hooks", {}, "Demanding cannot take logs"),
    (WarnsOfItself, "hooks", {}, r"without logs: a RuntimeWarning \(There are no logs"),
    (RoundsTheLoss, "logs", {}, "on_epoch_end changed 'loss' in the logs from"),
    (EmptiesTheLogs, "logs", {}, "on_test_end changed 'loss' in the logs from .* to None"),
    (AddsInSecret, "logs", {}, r"it adds \['lr'\] to the logs, not \[\]"),
    (AddsAText, "logs", {"adds": ["lr"]}, "it adds 'lr' to the logs, which is '0.1'"),
    (StopsTheNextTraining, "afresh", {}, "in a second training, loss is"),
    (GoesOnCounting, "afresh", {}, "after a second training, epochs is 8, not 4"),
    (KeepsTheBest, "afresh", KEEPS, "after a second training, best is"),
    (ChangesInSecret, "training", {"adds": ["lr"]}, r"the training differs: True \(loss is"),
    (ChangesNothing, "training", {**KEEPS, "changes_training": True}, r"the training differs: False \(in nothing\)"),
    (ListensToAll, "listening", {}, "it listens to on_train_begin, which it does not define"),
    (WantsLogsPerhaps, "listening", {}, "wants_batch_logs is None"),
    (WithoutValidationNothing, "validation", {}, "val_loss"),
    (Demanding, "validation", {}, "without validation data: InvalidArgumentError"),
    (WarnsTheUserOtherwise, "validation", {}, "without validation data: a UserWarning"),
    (DemandsNothing, "validation", {**KEEPS, "needs_validation": True}, "nothing was refused"),
    (WritesWhereItIs, "files", KEEPS, "outside of its folder, it wrote .*notes"),
    (WritesElsewhere, "files", KEEPS, "outside of its folder, it wrote"),
    (HoldsAFile, "files", KEEPS, "after on_epoch_end, the file last.log is still open"),
    (WritesNothing, "files", {"writes": True}, "it leaves no file in its folder"),
    (WritesInSecret, "files", {**KEEPS, "writes": False}, "it leaves last in its folder"),
    (StaysInTheMiddle, "interrupted", {}, r"after an interrupted training and another, it has .*'epochs': 5"),
    (StopsAfterAnError, "interrupted", {}, "after an interrupted training, loss is"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    classes: Any = {*RIGHT, *(callback for callback, *_ in WRONG)}
    for callback in classes:
        registry("callbacks").register(callback)
    yield
    for callback in classes:
        registry("callbacks").unregister(callback.__name__)


def case_of(callback: type, **more: Any) -> CallbackCase:
    return CallbackCase.from_row({"callback": callback.__name__, **more})


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("callback", RIGHT)
def test_what_keeps_the_contract_passes(callback: type[Callback], check: str) -> None:
    CHECKS[check](case_of(callback, **RIGHT[callback]))


@pytest.mark.parametrize(("callback", "check", "more", "text"), WRONG)
def test_each_check_finds_its_own(callback: Any, check: str, more: dict[str, Any], text: str) -> None:
    with pytest.raises(Exception, match=f"(?s){text}"):
        CHECKS[check](case_of(callback, **more))


def test_every_check_has_a_callback_that_it_finds() -> None:
    assert {check for _, check, *_ in WRONG} == set(CHECKS)


def test_an_error_of_another_callback_that_gets_lost() -> None:
    """A training that ends before the error can happen shows nothing."""

    class EndsAtOnce(Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    registry("callbacks").register(EndsAtOnce)
    try:
        with pytest.raises(AssertionError, match="an error of another callback did not reach the user"):
            CHECKS["interrupted"](case_of(EndsAtOnce))
    finally:
        registry("callbacks").unregister("EndsAtOnce")


def test_representative_numbers() -> None:
    model = plain_model(Descent(0.2))
    x, y = plain_data()
    model.fit(x, y, batch_size=4, epochs=4, shuffle=False, verbose=0, validation_data=(x[::2], y[::2]))
    found = use(case_of(Keeper, **KEEPS))
    expected = [*model.get_weights(), *(np.array(model.history.history[name]) for name in OWN_LOGS)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.history.history["loss"][-1] < model.history.history["loss"][0]


def test_rows_of_tables() -> None:
    row = {"callback": "Keeper", "label": "short", "fit": {"epochs": 2}, "adds": ["lr"]}
    case = CallbackCase.from_row({**row, "config": {"path": "{folder}/a"}})
    assert str(case) == "Keeper-short" and case.adds == ("lr",) and case.varies == ()
    with new_folder() as folder:
        callback: Any = case.make(folder)
        assert callback.path == f"{folder}/a"
        assert len(case.train(callback).logs["loss"]) == len(callback.losses) == 2
        assert state_of(callback, folder) == {
            "path": "{folder}/a", "monitor": "val_loss", "losses": [repr(loss) for loss in callback.losses],
            "best": repr(callback.best),
        }  # fmt: skip
        assert "best" not in state_of(callback, folder, ["best"])
    assert str(CallbackCase("Keeper")) == "Keeper"


def test_states_hold_plain_data_only() -> None:
    callback: Any = Callback()
    callback.a, callback.b, callback.c = float("nan"), np.arange(3), {"x": (1, None)}
    callback.d, callback.e, callback._f, callback.g = print, [print], 1, {"x": print}
    with new_folder() as folder:
        assert state_of(callback, folder) == {"a": "nan", "b": "[0, 1, 2]", "c": {"x": [1, None]}}


def test_where_trainings_differ() -> None:
    one = Training([np.ones(2)], {"loss": [1.0, float("nan")]})
    assert same_training(one, Training([np.ones(2)], {"loss": [1.0, float("nan")]})) == ""
    assert same_training(one, Training([np.ones(2)], {"loss": [1.0]})) == "loss is [1.0, nan], not [1.0]"
    assert same_training(one, Training([np.zeros(2)], dict(one.logs))) == "the weights are others"
    assert same_training(one, Training([np.ones(2)], {})) == "it logs loss, not "


def test_files_that_change_are_seen(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    with files_changed() as changed:
        (tmp_path / "old").read_text()
        assert not changed
        (tmp_path / "new").write_text("new")
        (tmp_path / "folder").mkdir()
        (tmp_path / "new").rename(tmp_path / "newer")
        (tmp_path / "newer").unlink()
    assert [path.name for path in changed] == ["new", "folder", "new", "newer", "newer"]
    (tmp_path / "later").write_text("later")
    assert len(changed) == 5
