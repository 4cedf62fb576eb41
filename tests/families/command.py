"""The command line called as a user would, in this process."""

from __future__ import annotations

from typer.testing import CliRunner

from keras_rnn_recipes.cli.commands import app


def krr(*arguments: str, status: int = 0) -> str:
    """What a command printed; of one that fails, its message."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.stdout if not status else result.stderr
