"""Constructor arguments that contracts check in one way: the errors name the component and the argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from kcore.errors.components import InvalidArgumentError


class ChecksArguments:
    """Something that refuses bad values for its arguments in its own name."""

    def _flag(self, argument: str, value: Any) -> None:
        """Refuse what is neither true nor false."""
        if not isinstance(value, bool | np.bool_):
            self._refuse(argument, value, [True, False])

    def _refuse(self, argument: str, value: Any, allowed: str | Sequence[Any]) -> NoReturn:
        raise InvalidArgumentError(component=type(self).__name__, argument=argument, value=value, allowed=allowed)


def is_finite_number(value: Any) -> bool:
    """Whether ``value`` is a finite number of Python or NumPy, and no bool."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(np.isfinite(value))
