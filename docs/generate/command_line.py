"""The page of the command line: what ``krr --help`` says, as tables, from the commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    context = command.context_class(command, info_name=name)
    needed = [_option(one, context) for one in options if one.required]
    usage = " ".join(["krr", name, *map(_usage, arguments), *needed])
    lines = [f"## krr {name}", "", "```text", " ".join(usage.split()), "```", "", command.help, ""]
    lines += _table("Argument", {_metavar(one): one for one in arguments})
    lines += _table("Option", {_option(one, context): one for one in options})
    return "\n".join(lines)


def _usage(argument: Any) -> str:
    name = _metavar(argument)
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _option(option: Any, context: Any) -> str:
    """An option as the help writes it, such as ``--horizon <int>``."""
    return str(option.get_help_record(context)[0])


def _table(kind: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    if parameters:
        yield f"| {kind} | Meaning | Default |"
        yield "| --- | --- | --- |"
        for name, parameter in parameters.items():
            cells = (f"`{name}`", parameter.help or "", _default(parameter))
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None or parameter.default is False or parameter.default == "":
        return ""
    if parameter.param_type_name == "option" and parameter.is_flag:
        return f"`{parameter.opts[0]}`"
    return f"`{parameter.default}`"
