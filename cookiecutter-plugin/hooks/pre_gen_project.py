"""Refuses answers that no working plugin could be made of, before a file is written.

The rules stand here alone: `kcore new` asks `problems`, too.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

FAMILIES = (
    "layers", "losses", "metrics", "optimizers", "schedules", "initializers", "regularizers", "constraints",
    "callbacks", "activations", "datasets", "backends", "formats",
)  # fmt: skip
# What computes within a network, and so can use an operation of its own.
COMPUTING = ("layers", "losses", "metrics", "regularizers", "activations")
LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "proprietary")
PYTHONS = ("3.11", "3.12", "3.13")
ENGINES = ("numpy", "primitive")

LONGEST = 40
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Names that kcore has, or may want one day, and packages that the plugin itself imports.
TAKEN = {"kcore", "pytest-kcore", "kcore-standard", *(f"kcore-{family}" for family in FAMILIES)}
IMPORTED = {"kcore", "numpy", "pytest", "tests", "docs", *sys.stdlib_module_names}


def problems(answers: Mapping[str, str]) -> list[str]:
    """What is wrong with the answers, a sentence or two for each; none if a plugin can be made of them.

    Args:
        answers: to the questions in cookiecutter.json; those that are not there are not looked at.
    """
    rules: dict[str, Callable[[str], str]] = {
        "name": name_problem,
        "families": families_problem,
        "author": author_problem,
        "email": email_problem,
        "licence": lambda value: choice_problem("licence", value, LICENCES),
        "python": lambda value: choice_problem("oldest Python", value, PYTHONS),
        "engine": lambda value: choice_problem("engine", value, ENGINES),
    }
    found = [rule(answers[question]) for question, rule in rules.items() if question in answers]
    if not any(found) and answers.get("engine") == "primitive" and "families" in answers:
        found.append(primitive_problem(answers["families"]))
    return [problem for problem in found if problem]


def chosen(text: str) -> list[str]:
    """The families that an answer names, as they are written there; all for `all`."""
    asked = text.replace(",", " ").split()
    return list(FAMILIES) if asked == ["all"] else asked


def name_problem(name: str) -> str:
    """Names are in the one spelling that compares equal everywhere, so that folder, project and import agree."""
    rule = (
        f"A name here is made of small letters and digits, in words with single hyphens between them; it begins with "
        f"a letter, has {LONGEST} characters at the most, and gives an import package of its own, such as kcore-acme."
    )
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        spelled = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        better = spelled != name and NAME.fullmatch(spelled) and len(spelled) <= LONGEST
        return f"The name {name!r} does not fit.{f' Did you mean {spelled!r}?' if better else ''} {rule}"
    if name in TAKEN:
        return f"The name {name!r} belongs to kcore itself. Choose another one, such as kcore-acme."
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or package in IMPORTED:
        return f"The name {name!r} would be imported as {package}, which is something else already. {rule}"
    if not name.removeprefix("kcore-")[0].isalpha():
        return f"The name {name!r} does not fit: what follows kcore- has to begin with a letter. {rule}"
    return ""


def families_problem(text: str) -> str:
    """At least one family, and each a known one."""
    asked = chosen(text)
    unknown = [family for family in asked if family not in FAMILIES]
    allowed = f"Allowed, with commas between them: {', '.join(FAMILIES)}; or all."
    if not asked:
        return f"No family of components was chosen. {allowed}"
    if unknown:
        return f"There is no family {' and no family '.join(map(repr, unknown))}. {allowed}"
    return ""


def author_problem(author: str) -> str:
    """The name stands in TOML and in the licence, as it is."""
    if not author.strip() or len(author) > 100 or re.search(r'["\\{}]', author) or not author.isprintable():
        return f"The author {author!r} does not fit: it is a name of 1 to 100 characters without quotes and braces."
    return ""


def email_problem(email: str) -> str:
    """Empty, or something that metadata take for an address."""
    if email and not re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)*", email, re.ASCII):
        return f"The e-mail address {email!r} does not fit: it looks like someone@example.org, or is empty."
    return ""


def choice_problem(what: str, value: str, allowed: tuple[str, ...]) -> str:
    """One of these."""
    return "" if value in allowed else f"The {what} {value!r} is not one of: {', '.join(allowed)}."


def primitive_problem(families: str) -> str:
    """A primitive is an operation within a network: without a component that computes there, nothing would use it."""
    if set(chosen(families)) & set(COMPUTING):
        return ""
    return (
        f"A primitive of its own would be used by nothing in {', '.join(chosen(families))}. "
        f"Choose the engine numpy, or one of these families as well: {', '.join(COMPUTING)}."
    )


if __name__ == "__main__":
    # As in an address, so that whatever somebody answers stays a text.
    found = problems(dict(parse_qsl("{{ cookiecutter | urlencode }}", keep_blank_values=True)))
    for problem in found:
        print(problem, file=sys.stderr)
    sys.exit(1 if found else 0)
