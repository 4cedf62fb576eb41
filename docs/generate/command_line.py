"""The page of the command line: what ``krr --help`` says, as tables, from the commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from keras_rnn_recipes.cli.commands import app

INTRODUCTION = """\
# Command line

`krr` is short for `keras-rnn-recipes`; `python -m keras_rnn_recipes` is the same program.
`krr --help` lists the commands, `krr COMMAND --help` the options of one.

Exit status: 0 after success, 2 after a mistake in a file, a recipe or an option (one message says
what happened, what was expected, and the fix), 130 after an interruption, 1 after a fault of the
program, which keeps its traceback.
"""


def command_line_page() -> str:
    """Make the page: a section for each command in the order of ``krr --help``."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    sections = [_section(name, command) for name, command in commands.items()]
    return "\n".join([INTRODUCTION, *sections])


def _section(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(["krr", name, *map(_usage, arguments), *map(_required, options)])
    lines = [f"## krr {name}", "", "```text", " ".join(usage.split()), "```", "", command.help, ""]
    lines += _table("Argument", arguments)
    lines += _table("Option", options)
    return "\n".join(lines)


def _usage(argument: Any) -> str:
    name = _metavar(argument)
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _required(option: Any) -> str:
    return f"{option.opts[0]} {_metavar(option)}" if option.required else ""


def _table(kind: str, parameters: list[Any]) -> Iterator[str]:
    if parameters:
        yield f"| {kind} | Meaning | Default |"
        yield "| --- | --- | --- |"
        yield from map(_row, parameters)
        yield ""


def _row(parameter: Any) -> str:
    meaning = (parameter.help or "").replace("|", "\\|")
    return f"| `{_name(parameter)}` | {meaning} | {_default(parameter)} |"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return _metavar(parameter).replace("|", "\\|")
    names = " / ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} {_metavar(parameter)}"


def _metavar(parameter: Any) -> str:
    return parameter.metavar or parameter.name.upper()


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None or parameter.default is False or parameter.default == "":
        return ""
    if parameter.is_flag:
        return f"`{parameter.opts[0]}`"
    return f"`{parameter.default}`"
