"""Write docs/hooks.md from the hooks' own specifications, `kcore/registry/hookspecs.py`.

    python tools/hooks_page.py

`tools/check_tree.py` fails when the page is not what this would write.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from tracked_files import ROOT

PAGE = ROOT / "docs" / "hooks.md"
INTRODUCTION = """\
# Hooks

<!-- Written by tools/hooks_page.py from kcore/registry/hookspecs.py: change that, and run it again. -->

A component is one object with a name ([how names are resolved](names.md)). A hook is a question that many plugins may
answer. A plugin names its hook module in the entry-point group `kcore.plugins`; the functions in it are marked with
`hookimpl`, and take only the arguments that they name:

```toml
[project.entry-points."kcore.plugins"]
my-hooks = "my_package.hooks"
```

Hook modules are imported when a hook is first called, and not before. One that cannot be imported, that implements a
hook which does not exist, or that was made for another plugin API is left out as a whole, with a warning; `kcore list
plugins` and `kcore doctor --load` show it. In a running process, `register_hooks` does without packaging:

<!-- runnable -->
```python
from kcore.registry import hookimpl, hooks, register_hooks, unregister_hooks

class Header:
    @hookimpl
    def kcore_report_header(self):
        return "on the big machine"

plugin = Header()
register_hooks(plugin)
assert hooks().kcore_report_header() == ["on the big machine"]
unregister_hooks(plugin)
```
"""


def specifications() -> dict[str, Any]:
    """The functions that specify hooks, by name, in the order of their module."""
    from kcore.registry import hookspecs

    return {name: value for name, value in vars(hookspecs).items() if name.startswith("kcore_")}


def section(name: str, spec: Any) -> str:
    """The part of the page about one hook: its signature, and what its docstring says."""
    arguments = ", ".join(inspect.signature(spec).parameters)
    text = inspect.getdoc(spec) or ""
    # The lists of a docstring as lists of Markdown.
    text = re.sub(r"^Args:$", "Arguments:\n", text, flags=re.M)
    text = re.sub(r"^Returns:$", "Returns:\n", text, flags=re.M)
    text = re.sub(r"^    (\S[^\n]*(?:\n    \s+[^\n]*)*)", _item, text, flags=re.M)
    return f"## `{name}({arguments})`\n\n{text.replace('``', '`')}\n"


def _item(match: re.Match[str]) -> str:
    text = " ".join(match[1].split())
    names, colon, rest = text.partition(": ")
    # Only a list of names before the colon is a list of arguments.
    named = colon and re.fullmatch(r"\w+(, \w+)*", names)
    return f"* {', '.join(f'`{one}`' for one in names.split(', '))}: {rest}" if named else f"* {text}"


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(section(name, spec) for name, spec in specifications().items())])


def main() -> None:
    PAGE.write_text(page())
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
