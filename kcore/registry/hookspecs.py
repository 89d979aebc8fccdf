"""The hooks that a plugin's hook module may implement, and the markers to do so.

A hook module is named by an entry point in the group ``kcore.plugins``; its functions are marked with `hookimpl`::

    from kcore.registry import hookimpl

    @hookimpl
    def kcore_model_saved(model, path):
        ...

An implementation takes only the arguments that it names.
"""

from __future__ import annotations

from typing import Any

from pluggy import HookimplMarker, HookspecMarker

hookspec = HookspecMarker("kcore")
hookimpl = HookimplMarker("kcore")


@hookspec
def kcore_cli_commands(group: Any) -> None:
    """Add commands to the command line.

    Fires when ``kcore`` lists all its commands, or is given one that is not its own. Any plugin may implement it.

    Args:
        group: the click group; ``group.add_command(...)`` adds one.
    """


@hookspec(firstresult=True)
def kcore_data_source(x: Any, y: Any) -> Any:
    """Offer to read a kind of data that kcore does not know.

    Fires when ``fit``, ``evaluate`` or ``predict`` is given an ``x`` that is no NumPy array. Any plugin may implement
    it; the first answer that is not None is taken.

    Args:
        x, y: what the user gave; ``predict`` has no ``y``.

    Returns:
        ``(x, y)`` as arrays, or lists or dictionaries of arrays; None if this is not the plugin's kind of data.
    """


@hookspec
def kcore_default_callbacks(model: Any) -> list[Any] | None:
    """Bring callbacks that take part in every training.

    Fires at the beginning of each ``fit``. Any plugin may implement it; its callbacks come before the user's own.

    Args:
        model: the model to be trained.

    Returns:
        A list of callbacks, or None.
    """


@hookspec
def kcore_model_saved(model: Any, path: str) -> None:
    """Observe that a whole model was saved.

    Fires after the file is complete and in its place. Any plugin may implement it; the file is not to be changed.

    Args:
        model: the model that was saved.
        path: the file.
    """


@hookspec
def kcore_model_loaded(model: Any, path: str) -> None:
    """Observe that a whole model was loaded.

    Fires after the model is complete, before the caller gets it. Any plugin may implement it.

    Args:
        model: the loaded model.
        path: the file.
    """


@hookspec
def kcore_report_header() -> str | list[str] | None:
    """Add lines to the header that reports begin with (versions, devices, settings).

    Fires when ``kcore train`` begins its report. Any plugin may implement it.

    Returns:
        A line, a list of lines, or None.
    """
