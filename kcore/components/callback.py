"""The contract of callbacks, and the list that dispatches to them.

The hooks, their arguments and their order are those Keras documents for `keras.callbacks.Callback`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from kcore.components.component import Component
from kcore.errors.components import InvalidArgumentError

Logs = dict[str, Any]


class Callback(Component):
    """Something that is told about training, evaluation and prediction as they happen.

    Override the hooks you need; all do nothing by default. `logs` is a dict of plain floats by name. A
    dispatch always passes one, if an empty one; None stands only for hooks called by hand, as in Keras. It
    belongs to the dispatch, not to the trainer: what a callback adds to it is seen by the callbacks after it
    (this is how a learning rate gets into the history), and by nobody else.

    Attributes:
        model: the model, set before the first hook runs. `model.stop_training = True` ends training after the
            running epoch.
        params: facts about the run: "epochs", "steps" (batches an epoch; None where unknown), "verbose", ...

    A hook with `batch` in its name counts batches from 0 within the epoch, a hook with `epoch` epochs from 0.
    `on_train_end` runs at the normal end of training, early stopping included. It does not run when an
    exception (KeyboardInterrupt too) leaves `fit`, as in Keras: so hold no file open between two hooks.
    """

    model: Any = None
    params: Mapping[str, Any] = MappingProxyType({})

    @property
    def wants_batch_logs(self) -> bool:
        """Whether this callback will read the `logs` of the next train batch; by default, yes.

        Asked before every batch, so that the trainer can leave metric results in the engine: where every
        listener says no, the logs of that batch may be empty. Asked only of those that listen to batches.
        """
        return True

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def listens_to(self, hook: str) -> bool:
        """Whether `hook` does anything here. A hook that does nothing is never called.

        By default: whether the class, or the instance, defines it. Asked when the list is made and again
        after `set_params` and `set_model`, not in every batch.
        """
        names = (hook, *_ALIASES.get(hook, ()))
        return any(_function(getattr(self, name)) is not _DEFAULTS[name] for name in names)

    def on_train_begin(self, logs: Logs | None = None) -> None: ...

    def on_train_end(self, logs: Logs | None = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """The `logs` hold the epoch's loss and metrics, and those of validation with the prefix "val_"."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Keras 2's name for `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Keras 2's name for `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The `logs` hold the means over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Runs for `evaluate`, and for the validation of each epoch in `fit`."""

    def on_test_end(self, logs: Logs | None = None) -> None: ...

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_begin(self, logs: Logs | None = None) -> None: ...

    def on_predict_end(self, logs: Logs | None = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...


_ALIASES = {"on_train_batch_begin": ("on_batch_begin",), "on_train_batch_end": ("on_batch_end",)}
_DEFAULTS: dict[str, Any] = {name: value for name, value in vars(Callback).items() if name.startswith("on_")}
HOOKS = tuple(name for name in _DEFAULTS if name not in {"on_batch_begin", "on_batch_end"})


def _function(hook: Any) -> Any:
    """A bound method's function; anything else (a lambda set on the instance) as it is."""
    return getattr(hook, "__func__", hook)


_NOBODY: dict[str, tuple[Callable[..., None], ...]] = dict.fromkeys(HOOKS, ())


class CallbackList:
    """Runs the hooks of several callbacks in the order given, each with one fresh dict of logs.

    Which callback listens to which hook is computed once, so a hook nobody listens to costs one look-up.

    Raises:
        InvalidArgumentError: an entry is not an instance of `Callback`.
    """

    def __init__(
        self,
        callbacks: Iterable[Callback] = (),
        *,
        model: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.callbacks: list[Callback] = []
        self.model = model
        self.params = params
        for callback in callbacks:
            self._add(callback)
        self._bind()

    def _add(self, callback: Callback) -> None:
        self._check(callback)
        if self.params is not None:
            callback.set_params(self.params)
        if self.model is not None:
            callback.set_model(self.model)
        self.callbacks.append(callback)

    @staticmethod
    def _check(callback: object) -> None:
        if not isinstance(callback, Callback):
            raise InvalidArgumentError(
                component="CallbackList",
                argument="callbacks",
                value=callback,
                allowed="instances of kcore.callbacks.Callback"
                + (" (this is a class: call it to make one)" if isinstance(callback, type) else ""),
            )

    def _bind(self) -> None:
        self._listeners: dict[str, tuple[Callable[..., None], ...]] = _NOBODY
        self._at_batch_end: tuple[Callback, ...] = ()
        if not self.callbacks:
            return
        self._listeners = {
            hook: tuple(getattr(callback, hook) for callback in self.callbacks if callback.listens_to(hook))
            for hook in HOOKS
        }
        self._at_batch_end = tuple(callback for callback in self.callbacks if callback.listens_to("on_train_batch_end"))

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def __len__(self) -> int:
        return len(self.callbacks)

    def append(self, callback: Callback) -> None:
        self._add(callback)
        self._bind()

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
        self._bind()

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)
        self._bind()

    def listens_to(self, hook: str) -> bool:
        """Whether any callback has something to do in `hook`."""
        return bool(self._listeners[hook])

    @property
    def wants_batch_logs(self) -> bool:
        """Whether any callback will read the logs of the next `on_train_batch_end`.

        Ask before each batch. While it is False the trainer need not fetch a single metric.
        """
        return any(callback.wants_batch_logs for callback in self._at_batch_end)

    def _run(self, hook: str, logs: Mapping[str, Any] | None) -> None:
        listeners = self._listeners[hook]
        if listeners:
            fresh = dict(logs or {})
            for listener in listeners:
                listener(fresh)

    def _run_numbered(self, hook: str, number: int, logs: Mapping[str, Any] | None) -> None:
        listeners = self._listeners[hook]
        if listeners:
            fresh = dict(logs or {})
            for listener in listeners:
                listener(number, fresh)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._run("on_train_begin", logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._run("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_train_batch_end", batch, logs)

    on_batch_begin = on_train_batch_begin
    on_batch_end = on_train_batch_end

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._run("on_test_begin", logs)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._run("on_test_end", logs)

    def on_test_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_test_batch_end", batch, logs)

    def on_predict_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._run("on_predict_begin", logs)

    def on_predict_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._run("on_predict_end", logs)

    def on_predict_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._run_numbered("on_predict_batch_end", batch, logs)
