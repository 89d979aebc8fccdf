"""Defaults of the process, names that count up, and whether this is training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kcore.backend.control import switch
from kcore.components.call_context import current_context, set_training_outside
from kcore.components.names import forget_numbers, next_number
from kcore.engine.backend import current_backend
from kcore.engine.settings import epsilon as epsilon
from kcore.engine.settings import floatx as floatx
from kcore.engine.settings import image_data_format as image_data_format
from kcore.engine.settings import set_epsilon as set_epsilon
from kcore.engine.settings import set_floatx as set_floatx
from kcore.engine.settings import set_image_data_format as set_image_data_format
from kcore.errors.components import InvalidArgumentError


def backend() -> str:
    """The name of the engine that runs programs.

    Example:
        >>> backend()
        'numpy'
    """
    return current_backend().name


def get_uid(prefix: str = "") -> int:
    """The next number for names that begin with ``prefix``, from 1 on; layers without a name take theirs from here."""
    return next_number(prefix)


def reset_uids() -> None:
    """Let all names begin with 1 again."""
    forget_numbers()


def clear_session() -> None:
    """Let names begin with 1 again, and the learning phase be 0.

    Keras also throws its graph away. kcore has none: a model is freed with its last reference. Seeds are left alone;
    ``kcore.set_random_seed`` sets them.
    """
    forget_numbers()
    set_training_outside(False)


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """A context that does nothing: names of operations are for graphs that are drawn."""
    yield name


def learning_phase() -> int:
    """1 in training, else 0: as the call around says it, outside of all calls as ``set_learning_phase`` did.

    It is known while a program is traced, so that ``if K.learning_phase():`` chooses between two programs.

    Example:
        >>> learning_phase()
        0
    """
    return int(current_context().training)


def set_learning_phase(value: int | bool) -> None:
    """Whether layers that are called by themselves, and ``K.function`` when it is not told, behave as in training.

    ``fit``, ``evaluate`` and ``predict`` say by themselves which they are: this changes nothing there, other than in
    Keras, where it fixes the phase of a graph that is yet to be made.

    Args:
        value: 1 or 0.

    Raises:
        InvalidArgumentError: another value.
    """
    if value not in (0, 1):
        raise InvalidArgumentError(
            component="kcore.backend.set_learning_phase", argument="value", value=value, allowed=[0, 1]
        )
    set_training_outside(bool(value))


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``x`` in training, ``alt`` otherwise.

    Args:
        x, alt: arrays, or functions without arguments that give them; only the one that is chosen is called.
        training: whether this is training; ``learning_phase()`` for ``None``. A traced number chooses in each run.

    Example:
        >>> in_train_phase(lambda: "noisy", "clean", training=True)
        'noisy'
    """
    phase = learning_phase() if training is None else training
    if isinstance(phase, bool | int):
        chosen = x if phase else alt
        return chosen() if callable(chosen) else chosen
    return switch(phase, x, alt)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``alt`` in training, ``x`` otherwise; see ``in_train_phase``."""
    return in_train_phase(alt, x, training)
