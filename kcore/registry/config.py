"""The one door between components and plain data.

A config says only names. They are looked up in the active custom objects and in the registries; a module path in a
config is never imported, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kcore.errors.registry import ConfigError, UnknownComponentError
from kcore.registry.configured import ConfiguredFunction, named_arguments
from kcore.registry.custom_objects import active_custom_objects, custom_object_scope
from kcore.registry.families import CONFIGURABLE, FAMILIES, LOCAL, contract_family, member
from kcore.registry.provenance import note
from kcore.registry.records import split_name
from kcore.registry.registry import registry

_EXPECTED = "a name, or {'class_name': name, 'config': {...}}"
# What Keras 3 writes as the class of a plain function, whose name is then the config.
_FUNCTION = "function"


class Found(NamedTuple):
    """What a name means, and who brings it; nobody (an empty text) for a custom object."""

    target: Any
    distribution: str


def serialize(obj: Any, family: str | None = None) -> Any:
    """A component as plain data, from which `deserialize` makes one like it.

    None gives None; a function gives its name, and with arguments fixed also these; anything with ``get_config`` gives
    ``{"class_name": name, "config": {...}}``. The name is the bare one where that means this component, else the
    qualified one. What nobody registered is written under its own name, and can be read with custom objects.

    Args:
        obj: an instance, or a function.
        family: the component's family; if not given, it is found out.

    Raises:
        ConfigError: the object is no component, or a function without a name.
        UnknownFamilyError: there is no such family.
    """
    if obj is None:
        return None
    if family is not None:
        registry(family)
    if isinstance(obj, ConfiguredFunction):
        return {"class_name": _name_of(obj.function, family), "config": obj.get_config()}
    if not isinstance(obj, type) and hasattr(obj, "get_config"):
        return {"class_name": _name_of(type(obj), family), "config": obj.get_config()}
    problem = None
    if isinstance(obj, type):
        problem = f"is asked of the class {obj.__qualname__}, not of an instance"
    elif not callable(obj):
        problem = f"is asked of {obj!r}, which is no component"
    elif getattr(obj, "__name__", "<lambda>") == "<lambda>":
        problem = f"is asked of {obj!r}, which has no name that it could be found by"
    if problem is not None:
        raise ConfigError(problem=problem, expected="an object with get_config(), or a named function")
    return _name_of(obj, family)


def deserialize(config: Any, family: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A component from what `serialize` wrote, or from what Keras 2 or 3 wrote.

    None gives None; a name gives an instance of that class, or that function.

    Args:
        config: None, a name, or ``{"class_name": name, "config": {...}}``.
        family: where the name is looked up.
        custom_objects: classes and functions by name, which win over everything installed; also for nested configs.

    Raises:
        ConfigError: the config is malformed, or has arguments that the component does not take.
        UnknownComponentError, AmbiguousComponentError, DisabledComponentError, BrokenComponentError: the name means no
            component that can be had.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config, family)
    if config is None:
        registry(family)
        return None
    if isinstance(config, str):
        found = find(config, family)
        return _construct(found, config, {}) if isinstance(found.target, type) else found.target
    name, arguments = _parts(config, family)
    if name == _FUNCTION and isinstance(arguments, str):
        return deserialize(arguments, family)
    found = find(name, family)
    if not isinstance(found.target, type):
        if arguments in (None, {}, name):
            return found.target
        if family in CONFIGURABLE and isinstance(arguments, Mapping):
            return _configured(found, name, arguments)
        raise _error(found, name, "has a config, but it is a function", "its name alone")
    return _construct(found, name, {} if arguments is None else arguments)


def get(identifier: Any, family: str, **kwargs: Any) -> Any:
    """The component that a user's argument stands for; see `Registry.get`."""
    if isinstance(identifier, str):
        found = find(identifier, family)
        if isinstance(found.target, type):
            return _construct(found, identifier, kwargs, by_config=False)
        if kwargs and family in CONFIGURABLE:
            return _configured(found, identifier, kwargs)
        if kwargs:
            raise _error(found, identifier, f"has {_listed(kwargs)}, but it is a function", "its name alone")
        return found.target
    if isinstance(identifier, Mapping):
        return deserialize(identifier, family)
    return identifier


def _parts(config: Any, family: str) -> tuple[str, Any]:
    """Name and arguments of a dictionary of either Keras's layout."""
    noun = member(family)
    if not isinstance(config, Mapping):
        raise ConfigError(problem=f"of a {noun} is a {type(config).__name__}", expected=_EXPECTED)
    name = config.get("class_name")
    if not isinstance(name, str) or not name:
        said = f"has the class_name {name!r}" if "class_name" in config else "has no class_name"
        raise ConfigError(problem=f"of a {noun} {said}", expected=f"{_EXPECTED}, with a plain string as the name")
    registered = config.get("registered_name")
    # Keras 3 writes the package of a custom class there, and its bare name as class_name.
    chosen = registered if isinstance(registered, str) and ">" in registered else name
    arguments = config.get("config")
    if arguments is not None and not isinstance(arguments, Mapping | list | str):
        problem = f"has a 'config' that is a {type(arguments).__name__}"
        raise ConfigError(problem=problem, expected="a dictionary of constructor arguments", component=chosen)
    return chosen, dict(arguments) if isinstance(arguments, Mapping) else arguments


def find(name: str, family: str) -> Found:
    """The class or function that a name means: first among the custom objects, then in the registry.

    Raises:
        UnknownComponentError, AmbiguousComponentError, DisabledComponentError, IncompatibleComponentError,
        BrokenComponentError: the name means no component that can be had.
    """
    home = registry(family)
    custom = active_custom_objects()
    if name in custom:
        return Found(custom[name], "")
    try:
        record = home.resolve(name)
    except UnknownComponentError:
        # 'Package>Name' of a package that is no distribution: Keras's way to write registered custom classes.
        package, bare = split_name(name)
        if package is not None and bare in custom:
            return Found(custom[bare], "")
        raise
    return Found(home.load_record(record), record.distribution)


def _construct(found: Found, name: str, arguments: Any, *, by_config: bool = True) -> Any:
    build = getattr(found.target, "from_config", None) if by_config else None
    if not isinstance(arguments, Mapping) and (isinstance(arguments, str) or build is None):
        raise _error(found, name, f"is a {type(arguments).__name__}", "a dictionary of constructor arguments")
    if isinstance(arguments, Mapping) and not all(isinstance(key, str) for key in arguments):
        raise _error(found, name, "has a key that is no string", "a dictionary of constructor arguments")
    try:
        return found.target(**arguments) if build is None else build(arguments)
    except TypeError as error:
        if not _is_about_arguments(error, found.target):
            raise
        problem, unknown, accepted = _argument_trouble(found.target, arguments)
        if problem is None:
            raise
        raise ConfigError(
            problem=problem,
            expected=f"arguments among {', '.join(accepted)}" if accepted else "no arguments",
            component=name,
            distribution=found.distribution,
            unknown=unknown,
            accepted=accepted,
        ) from error


def _configured(found: Found, name: str, arguments: Mapping[str, Any]) -> ConfiguredFunction:
    """A function with these arguments, which it takes."""
    accepted, needed = named_arguments(found.target)
    unknown = [key for key in arguments if key not in accepted]
    missing = [key for key in needed if key not in arguments]
    if unknown or missing:
        raise ConfigError(
            problem=f"has {_listed(unknown)}, which it does not take" if unknown else f"lacks {_listed(missing)}",
            expected=f"arguments among {', '.join(accepted)}" if accepted else "no arguments",
            component=name,
            distribution=found.distribution,
            unknown=unknown,
            accepted=accepted,
        )
    return ConfiguredFunction(found.target, arguments)


def _is_about_arguments(error: TypeError, target: Any) -> bool:
    """Whether the call of a constructor failed, and not something within, which the config knows nothing of."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    callers = [_construct, getattr(target, "from_config", None), *(base.__init__ for base in target.__mro__)]
    codes = [getattr(caller, "__code__", None) for caller in callers]
    texts = ("__init__() ", "__new__() ", "takes no arguments", "argument after **")
    spelled = any(text in str(error) for text in texts)
    return spelled and place is not None and place.tb_frame.f_code in codes


def _argument_trouble(target: Any, arguments: Any) -> tuple[str | None, list[str], list[str]]:
    """What is wrong with constructor arguments: the problem (None if nothing is), those unknown, those accepted."""
    if not isinstance(arguments, Mapping):
        return f"is a {type(arguments).__name__}, not a dictionary", [], []
    import inspect

    accepted: dict[str, inspect.Parameter] = {}
    for base in target.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        for parameter in named:
            accepted.setdefault(parameter.name, parameter)
        # Only what **kwargs passes on can be meant for the next class.
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    unknown = [key for key in arguments if key not in accepted]
    if unknown:
        return f"has {_listed(unknown)}, which it does not take", unknown, list(accepted)
    own = inspect.signature(target.__init__).parameters.values()
    empty = inspect.Parameter.empty
    missing = [
        parameter.name
        for parameter in list(own)[1:]
        if parameter.default is empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name not in arguments
    ]
    return (f"lacks {_listed(missing)}" if missing else None), [], list(accepted)


def _name_of(target: Any, family: str | None) -> str:
    """The name under which a class or function is written."""
    for key, value in active_custom_objects().items():
        if value is target:
            return key
    own: str = target.__name__
    if family is None and isinstance(target, type):
        family = contract_family(target)
    families = list(FAMILIES) if family is None else [family]
    for place in families:
        home = registry(place)
        records = home.records_of(target)
        # The class's own name before its aliases; of the same name, the one that the bare name means.
        records.sort(key=lambda record: (record.name != own, record.state not in ("local", "available")))
        if records:
            record = records[0]
            name = record.name if record.state in ("local", "available") else record.qualified
            note(name, record)
            return name
    # Under its bare name it would be read as something else, if that name means something.
    return f"{LOCAL}>{own}" if any(own in registry(place) for place in families) else own


def _error(found: Found, name: str, problem: str, expected: str) -> ConfigError:
    return ConfigError(problem=problem, expected=expected, component=name, distribution=found.distribution)


def _listed(names: Any) -> str:
    quoted = [repr(name) for name in names]
    return f"the argument{'s' if len(quoted) > 1 else ''} {', '.join(quoted)}"
