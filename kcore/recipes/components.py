"""From names in a recipe to components, with every error told where in the recipe it arose."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kcore.errors.base import KcoreError
from kcore.errors.recipe import RecipeError, spelled_place
from kcore.recipes.document import Document, KeyPath, spelled_path
from kcore.recipes.schema import ComponentSpec
from kcore.registry import registry


@contextmanager
def located(document: Document, path: KeyPath, spec: ComponentSpec | None = None) -> Iterator[None]:
    """Let kcore's errors pass unchanged, with a note that names the place in the recipe: ``path``, or, where the error
    is about an option of ``spec``, that option's.
    """
    try:
        yield
    except RecipeError:
        raise
    except KcoreError as error:
        if not getattr(error, "__notes__", None):
            # A component that names the argument it refuses leads to that very line.
            argument = getattr(error, "argument", None)
            if spec is not None and isinstance(argument, str) and argument in spec.options:
                path = (*spec.options_path, argument)
            place = spelled_place(document.origin(path), document.line(path), None, spelled_path(path))
            error.add_note(f"Asked for by the recipe: {place}.")
        raise


def load(document: Document, spec: ComponentSpec) -> Any:
    """The class or function that a name stands for.

    Raises:
        UnknownComponentError, BrokenComponentError, ...: the registry's own, with the recipe's place as a note.
    """
    with located(document, spec.path):
        return registry(spec.family).load(spec.name)


def make(document: Document, spec: ComponentSpec) -> Any:
    """Call the class or function that a name stands for with its options.

    Raises:
        RecipeError: an option that it does not take, one that is missing, or one that it fails on.
        KcoreError: what the component itself refuses, with the recipe's place as a note.
    """
    component = load(document, spec)
    _check_options(document, spec, component)
    with located(document, spec.path, spec):
        try:
            return component(**spec.options)
        except KcoreError:
            raise
        except (TypeError, ValueError, LookupError, OSError) as error:
            if isinstance(error, TypeError):
                # A class that hands its **kwargs on finds out only now, and says it less well.
                _refuse_unknown(document, spec, component)
            problem = f"{spec.name} cannot be made with these options ({type(error).__name__}: {error})"
            _refuse(document, spec.options_path, problem, error)


def identifier(document: Document, spec: ComponentSpec) -> Any:
    """What ``compile`` takes: the name itself where it has no options (logs and files then say it as the recipe does).

    Raises:
        RecipeError: options for a plain function, and what ``make`` raises.
    """
    if spec.options:
        if not isinstance(load(document, spec), type):
            allowed = f"its name alone, {spec.name}"
            document.refuse(spec.options_path, f"{spec.name} is a function and takes no options", allowed=allowed)
        return make(document, spec)
    load(document, spec)
    return spec.name


def accepted_arguments(component: Any) -> tuple[list[str], bool]:
    """The names of the keyword arguments, those included that a class hands on to its bases with ``**kwargs``; and
    whether there may be others, because somebody in that chain takes any.
    """
    if not isinstance(component, type):
        return _keyword_names(component)
    names: list[str] = []
    any_name = False
    for base in component.__mro__:
        if "__init__" in vars(base) and base is not object:
            found, hands_on = _keyword_names(vars(base)["__init__"])
            names += [name for name in found if name not in names]
            any_name = any_name or hands_on
            if not hands_on:
                break
    return names, any_name


def _keyword_names(function: Any) -> tuple[list[str], bool]:
    """Names of arguments that can be given by name, and whether there is a ``**kwargs``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], True
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self"]
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)


def _check_options(document: Document, spec: ComponentSpec, component: Any) -> None:
    if not accepted_arguments(component)[1]:
        _refuse_unknown(document, spec, component)
    try:
        inspect.signature(component).bind(**spec.options)
    except TypeError as error:
        # A required argument that is missing may be there under a wrong name.
        _refuse_unknown(document, spec, component)
        _refuse(document, spec.options_path, f"{spec.name} cannot be made with these options ({error})", error)
    except ValueError:  # Something without a signature: it will say itself what it needs.
        return


def _refuse_unknown(document: Document, spec: ComponentSpec, component: Any) -> None:
    names, _ = accepted_arguments(component)
    for option in spec.options:
        if option not in names:
            document.refuse(
                (*spec.options_path, option),
                f"{spec.name} has no option {option!r}",
                allowed=names or "no options",
                near=difflib.get_close_matches(option, names, n=2),
            )


def _refuse(document: Document, path: KeyPath, problem: str, cause: Exception) -> None:
    try:
        document.refuse(path, problem)
    except RecipeError as error:
        raise error from cause
