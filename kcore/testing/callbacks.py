"""Callbacks put to the test: the cases that a callback's author states, and the checks that every case must pass.

As ``kcore.testing.layers``. Each check trains a small model with ``fit``, which needs kcore-callbacks installed, as
every training does::

    from kcore.testing.callbacks import CHECKS, CallbackCase

    for name, check in CHECKS.items():
        check(CallbackCase("CSVLogger", {"filename": "{folder}/log.csv"}, writes=True))
"""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kcore.components.callback import HOOKS, Callback, CallbackList
from kcore.engine.types import Array
from kcore.errors.base import KcoreError
from kcore.errors.warnings import KcoreWarning
from kcore.registry import custom_object_scope, deserialize, serialize
from kcore.testing.folders import files_of, filled, new_folder
from kcore.testing.observed_training import Probe, Training, same_training, state_of
from kcore.testing.plain_training import OBJECTS, Descent, plain_data, plain_model
from kcore.testing.round_trips import check_config_of, check_names_of
from kcore.testing.watching import files_changed

OWN_LOGS = ("loss", "absolute_error", "val_loss", "val_absolute_error")
"""What the small training logs by itself, with validation data."""


@dataclass(frozen=True)
class CallbackCase:
    """One way to use a callback, on which all checks run.

    Attributes:
        callback: its name in ``kcore.callbacks``.
        config: constructor arguments, as a config writes them; a text may contain ``{folder}``, a new empty folder.
        label: what is particular about the case; cases of one callback have different ones.
        fit: arguments of ``fit`` for the small training; ``validation: false`` for one without validation data. By
            default it has 4 epochs of 3 batches, and validation data. It logs ``OWN_LOGS``; the losses fall.
        changes_training: whether weights, logs or the number of epochs are others than without the callback.
        writes: whether it leaves files in ``{folder}``.
        adds: the names under which it adds numbers to the logs.
        needs_validation: whether it can do nothing without validation data; it then says so by an error of kcore.
        varies: attributes that are others in each training, such as times.
    """

    callback: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    fit: Mapping[str, Any] = field(default_factory=dict)
    changes_training: bool = False
    writes: bool = False
    adds: Sequence[str] = ()
    needs_validation: bool = False
    varies: Sequence[str] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> CallbackCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{**row, **{key: tuple(row.get(key, ())) for key in ("adds", "varies")}})

    def __str__(self) -> str:
        return f"{self.callback}-{self.label}" if self.label else self.callback

    def make(self, folder: Path) -> Callback:
        """The callback; ``{folder}`` is this one."""
        config = {"class_name": self.callback, "config": filled(self.config, folder)}
        callback: Callback = deserialize(config, "callbacks")
        return callback

    def train(self, *callbacks: Callback, validation: bool | None = None) -> Training:
        """The small training with these callbacks, of a new model. What it prints is not shown."""
        arguments = {"epochs": 4, "batch_size": 4, "verbose": 0, "shuffle": False, **self.fit}
        wanted = arguments.pop("validation", True) if validation is None else validation
        arguments.pop("validation", None)
        data = plain_data()
        if wanted:
            arguments["validation_data"] = tuple(array[::2] for array in data)
        with custom_object_scope(OBJECTS), contextlib.redirect_stdout(io.StringIO()):
            model = plain_model(Descent(0.2))
            history = model.fit(*data, callbacks=list(callbacks), **arguments).history
        return Training(model.get_weights(), {name: history[name] for name in OWN_LOGS if name in history})


@contextlib.contextmanager
def _only_kcore_warnings(what: str) -> Iterator[None]:
    """Whatever is warned of must be a KcoreWarning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        kind = warning.category.__name__
        assert issubclass(warning.category, KcoreWarning), f"{what}: a {kind} ({warning.message}), no KcoreWarning"


# --- the checks ------------------------------------------------------------------------------------------------------


def check_config(case: CallbackCase) -> None:
    """The config is plain data, and a callback made from it has the same one, also after a training."""
    with new_folder() as folder:
        callback = case.make(folder)
        assert isinstance(callback, Callback), f"{case.callback} makes a {type(callback).__name__}, no Callback"
        check_config_of(callback, "callbacks")
        before = serialize(callback, "callbacks")
        case.train(callback)
        after = serialize(callback, "callbacks")
        assert after == before, f"a training changed the config {before} to {after}"


def check_names(case: CallbackCase) -> None:
    """Each name of the callback makes the same one."""
    with new_folder() as folder:
        check_names_of(case.callback, "callbacks", filled(case.config, folder))


def check_copies(case: CallbackCase) -> None:
    """A pickled and a deep copy have the same config, and do the same in a training."""
    found = []
    for copied in (_itself, copy.deepcopy, _pickled):
        with new_folder() as folder:
            callback = case.make(folder)
            one = copied(callback)
            assert serialize(one, "callbacks") == serialize(callback, "callbacks"), "a copy has another config"
            training = case.train(one)
            found.append((training, state_of(one, folder, case.varies), sorted(files_of(folder))))
    for training, *rest in found[1:]:
        problem = same_training(training, found[0][0])
        assert not problem, f"of a training with a copy, {problem}"
        assert rest == list(found[0][1:]), f"after a training, a copy has {rest}, the callback {list(found[0][1:])}"


def _itself(callback: Callback) -> Callback:
    return callback


def _pickled(callback: Callback) -> Callback:
    again: Callback = pickle.loads(pickle.dumps(callback))
    return again


def check_hooks(case: CallbackCase) -> None:
    """Called by hand without logs, no hook fails: ``None`` stands for no logs, as in Keras."""
    with new_folder() as folder, _only_kcore_warnings("without logs"), contextlib.redirect_stdout(io.StringIO()):
        callback = case.make(folder)
        callback.set_params({"epochs": 2, "steps": 1, "samples": 4, "verbose": 0, "do_validation": False})
        with custom_object_scope(OBJECTS):
            callback.set_model(plain_model(Descent(0.2)))
            numbered = [hook for hook in HOOKS if "batch" in hook or "epoch" in hook]
            for hook in ("on_train_begin", *numbered, *(h for h in HOOKS if h not in numbered and h != "on_train_end")):
                _call(case, callback, hook, *([0] if hook in numbered else []))
            _call(case, callback, "on_train_end")


def _call(case: CallbackCase, callback: Callback, hook: str, *number: int) -> None:
    try:
        getattr(callback, hook)(*number)
        getattr(callback, hook)(*number, None)
    except KcoreError:
        if not case.needs_validation:
            raise
    except Exception as error:
        raise AssertionError(f"{hook} without logs ends in {type(error).__name__}: {error}") from error


def check_logs(case: CallbackCase) -> None:
    """No hook changes what the logs hold; what is added are numbers, under the names that the case states."""
    with new_folder() as folder:
        probe = Probe()
        case.train(probe.before, case.make(folder), probe.after)
        assert not probe.changes, "; ".join(probe.changes)
        found = sorted(probe.added)
        assert found == sorted(case.adds), f"it adds {found} to the logs, not {sorted(case.adds)}"
        for name, value in probe.added.items():
            assert isinstance(value, int | float | np.number), f"it adds {name!r} to the logs, which is {value!r}"


def check_afresh(case: CallbackCase) -> None:
    """A second training with the same callback is as the first one of a new callback, and ends in the same state."""
    with new_folder() as folder, new_folder() as other:
        used, new = case.make(folder), case.make(other)
        case.train(used)
        again, first = case.train(used), case.train(new)
        problem = same_training(again, first)
        assert not problem, f"in a second training, {problem}"
        found, expected = state_of(used, folder, case.varies), state_of(new, other, case.varies)
        wrong = [name for name in {*found, *expected} if found.get(name) != expected.get(name)]
        told = ", ".join(f"{name} is {found.get(name)}, not {expected.get(name)}" for name in sorted(wrong))
        assert not told, f"after a second training, {told}"


def check_training(case: CallbackCase) -> None:
    """The numbers of a training are others than without the callback only where the case says so."""
    with new_folder() as folder:
        problem = same_training(case.train(case.make(folder)), case.train())
    assert bool(problem) == case.changes_training, f"the training differs: {bool(problem)} ({problem or 'in nothing'})"


def check_listening(case: CallbackCase) -> None:
    """It listens to hooks that it defines, and to no others: what nobody does at every batch costs nothing."""
    with new_folder() as folder:
        callback = case.make(folder)
        listeners = CallbackList([callback])
        listeners.set_params({"epochs": 1, "steps": 1, "samples": 4, "verbose": 0})
        listeners.set_model(plain_model(Descent(0.2)))
        for hook in HOOKS:
            names = (hook, hook.replace("train_batch", "batch"))
            defined = any(_defines(callback, name) for name in names)
            assert defined or not listeners.listens_to(hook), f"it listens to {hook}, which it does not define"
        if listeners.listens_to("on_train_batch_end"):
            wants = callback.wants_batch_logs
            assert isinstance(wants, bool), f"wants_batch_logs is {wants!r}, neither True nor False"


def _defines(callback: Callback, hook: str) -> bool:
    own = getattr(callback, hook, None)
    return own is not None and getattr(own, "__func__", own) is not getattr(Callback, hook, None)


def check_validation(case: CallbackCase) -> None:
    """Without validation data training goes on, with a KcoreWarning at most, or is refused by an error of kcore."""
    with new_folder() as folder, _only_kcore_warnings("without validation data"):
        try:
            case.train(case.make(folder), validation=False)
        except KcoreError as error:
            if not case.needs_validation:
                raise AssertionError(f"without validation data: {type(error).__name__}: {error}") from error
            return
    assert not case.needs_validation, "without validation data, nothing was refused"


def check_files(case: CallbackCase) -> None:
    """It writes files in ``{folder}`` only, where the case says that it does, and holds none open between hooks."""
    with new_folder() as folder, new_folder() as elsewhere:
        # Once before, as what is imported meanwhile may keep something of its own.
        case.train(case.make(folder))
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        probe = Probe(folder)
        with contextlib.chdir(elsewhere), files_changed() as changed:
            case.train(case.make(folder), probe.after)
        outside = {str(path) for path in changed if folder not in (path, *path.parents)} | set(files_of(elsewhere))
        assert not outside, f"outside of its folder, it wrote {', '.join(sorted(outside))}"
        assert not probe.open_files, "; ".join(probe.open_files)
        found = sorted(files_of(folder))
        assert bool(found) == case.writes, f"it leaves {', '.join(found) or 'no file'} in its folder"


class _InterruptionError(Exception):
    """The error of another callback."""


class _Interrupts(Callback):
    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch == 1:
            raise _InterruptionError


def check_interrupted(case: CallbackCase) -> None:
    """After an error of another callback in mid-epoch, a training with the same callback is as one with a new one."""
    with new_folder() as folder, new_folder() as other:
        callback = case.make(folder)
        try:
            case.train(callback, _Interrupts())
        except _InterruptionError:
            pass
        else:
            raise AssertionError("an error of another callback did not reach the user")
        again = case.train(callback)
        new = case.make(other)
        problem = same_training(again, case.train(new))
        assert not problem, f"after an interrupted training, {problem}"
        found, expected = state_of(callback, folder, case.varies), state_of(new, other, case.varies)
        assert found == expected, f"after an interrupted training and another, it has {found}, not {expected}"


CHECKS: dict[str, Callable[[CallbackCase], None]] = {
    "config": check_config,
    "names": check_names,
    "copies": check_copies,
    "hooks": check_hooks,
    "logs": check_logs,
    "afresh": check_afresh,
    "training": check_training,
    "listening": check_listening,
    "validation": check_validation,
    "files": check_files,
    "interrupted": check_interrupted,
}


def use(case: CallbackCase) -> list[Array]:
    """The weights and logs of the small training with the callback."""
    with new_folder() as folder:
        return case.train(case.make(folder)).arrays()
