"""Choices that the commands for texts of one's own share: parts, tokens, vocabulary, training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_rnn_recipes.config.choices import Choice
from keras_rnn_recipes.errors import counted

UNITS = {
    **{"words": "words", "characters": "characters", "pieces": "pieces of words"},
    "whitespace": "what white space separates",
}


def choose_parts(
    whole: str, others: str, *, test_share: float = 0.2, valid_share: float, why_valid: str
) -> list[Choice]:
    """What is held out to test on, and to watch the training.

    Args:
        whole: what the test part is a share of, such as "the texts".
        others: what the validation part is a share of, such as "the other texts".
        test_share, valid_share: the shares.
        why_valid: the reason for the second one.

    Example:
        >>> from keras_rnn_recipes.config.tagging import TagDataConfig, TaggingConfig
        >>> parts = choose_parts("the texts", "the others", valid_share=0.1, why_valid="enough")
        >>> parts[0].words(TaggingConfig(data=TagDataConfig(train="a.conll")))
        'Tested on 20% of the texts'
    """
    return [
        Choice(
            {"data.test_share": test_share, "data.test": None},
            lambda config: f"Tested on {_part(config.data, 'test', whole)}",
            "read only after training",
            "--test-size",
        ),
        Choice(
            {"data.valid_share": valid_share},
            lambda config: f"Watched on {_part(config.data, 'valid', others)}",
            why_valid,
            "data.valid_share",
        ),
    ]


def _part(data: Any, name: str, of: str) -> str:
    files, share = getattr(data, name), getattr(data, f"{name}_share")
    return f"{share:.0%} of {of}" if files is None else file_names(files)


def file_names(files: str | Sequence[str]) -> str:
    """One file, or two, in words.

    Example:
        >>> file_names("a.tsv"), file_names(("a.de", "a.en"))
        ('a.tsv', 'a.de and a.en')
    """
    return files if isinstance(files, str) else " and ".join(files)


def choose_vocabulary(min_count: int, most: int | None, why: str) -> Choice:
    """Which tokens are known: those that are frequent enough, up to a number."""

    def words(config: Any) -> str:
        data = config.data
        number = "any number" if data.max_vocabulary is None else f"at most {data.max_vocabulary:,}"
        return (
            "Vocabulary: tokens that occur at least "
            f"{counted(data.min_count, 'time')} in training, {number}"
        )

    values = {"data.min_count": min_count, "data.max_vocabulary": most}
    return Choice(values, words, why, "data.min_count")


def choose_epochs(epochs: int, why: str) -> Choice:
    """The largest number of epochs."""
    return Choice(
        {"fit.epochs": epochs},
        lambda config: f"Trained for at most {counted(config.fit.epochs, 'epoch')}",
        why,
        "--epochs",
    )


def choose_stopping(patience: int, noun: str, why: str, **more: Any) -> Choice:
    """When training stops, by the validation part, whose best epoch is kept.

    Args:
        patience: epochs without a lower loss.
        noun: what is watched, such as "texts".
        why: the reason.
        more: further values of the section ``fit``.
    """

    def words(config: Any) -> str:
        if not config.fit.patience:
            return "Never stopped early"
        return (
            f"Stopped after {counted(config.fit.patience, 'epoch')} without a lower loss on the "
            f"{noun} to watch"
        )

    values = {"patience": patience, "keep": "best", "watch_gradients": False, **more}
    return Choice(
        {f"fit.{key}": value for key, value in values.items()}, words, why, "fit.patience"
    )


def choose_steps(learning_rate: float, batch_size: int, why: str) -> Choice:
    """Learning rate and size of the batches."""
    return Choice(
        {"fit.learning_rate": learning_rate, "fit.batch_size": batch_size},
        lambda config: (
            f"Learning rate {config.fit.learning_rate:g}, batches of {config.fit.batch_size}"
        ),
        why,
        "fit.learning_rate",
    )


def by_size(number: float, table: Sequence[tuple[float, Any]]) -> Any:
    """The value of the first row of a table whose bound is above a number.

    Example:
        >>> by_size(500, [(100, "few"), (1_000, "some"), (float("inf"), "many")])
        'some'
    """
    return next(value for bound, value in table if number < bound)
