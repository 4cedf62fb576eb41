"""What is right on its own and cannot go together, by family."""

from __future__ import annotations

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import check_levels
from keras_rnn_recipes.running.config import Config
from keras_rnn_recipes.running.config_sections import Experiment


def check_forecasting(config: Config, where: str) -> None:
    """Refuse what is right on its own and cannot go together in a forecasting recipe.

    Raises:
        UserError: the message names the keys.
    """
    model = config.model
    check_levels(config.evaluate.levels, f"evaluate.levels, in {where},")
    _check_quantiles(config, where)
    _check_distribution(config, where)
    if model.strategy == "recursive" and config.data.past_cols:
        raise UserError(
            f"{where} combines model.strategy 'recursive' with data.past_cols.",
            "no further columns: their values are not known for the steps that are fed back.",
            "choose model.strategy direct or seq2seq, or leave data.past_cols out.",
        )
    if model.recurrent_skips and model.preset in ("dense", "conv", "linear"):
        raise UserError(
            f"{where} combines model.recurrent_skips with model.preset {model.preset!r}.",
            "a recurrent preset: the others have no state that could be connected.",
            "choose another model.preset, or leave model.recurrent_skips out.",
        )
    if model.bidirectional and model.strategy != "direct":
        raise UserError(
            f"{where} combines model.bidirectional with model.strategy {model.strategy!r}.",
            "strategy direct: the others may not look at later steps.",
            "choose model.strategy direct, or leave model.bidirectional out.",
        )


def check_text(config: Experiment, where: str) -> None:
    """Refuse a recipe for texts without a source, or with two.

    Raises:
        UserError: the message names the keys.
    """
    given = [name for name in ("source", "train") if getattr(config.data, name) is not None]
    if len(given) != 1:
        both = "both data.source and data.train" if given else "neither data.source nor data.train"
        raise UserError(
            f"{where} has {both}.",
            "one of them: a data set or a table to be divided, or a file of the training part.",
            "write for example data.source=imdb or data.train=reviews.csv.",
        )


def check_memory(config: Experiment, where: str) -> None:
    """Refuse symbols where none are copied.

    Raises:
        UserError: the message names the keys.
    """
    data = config.data
    left_out = type(data).model_fields["symbols"].default
    if data.problem != "copying" and data.symbols != left_out:
        raise UserError(
            f"{where} has data.symbols {data.symbols} and data.problem {data.problem!r}.",
            "symbols to copy: the other problems have none.",
            "leave data.symbols out, or choose data.problem copying.",
        )


def _check_quantiles(config: Config, where: str) -> None:
    levels = config.model.quantiles or ()
    if levels and config.model.distribution:
        raise UserError(
            f"{where} has model.quantiles {list(levels)} and model.distribution "
            f"{config.model.distribution!r}.",
            "one of them: the quantiles of a distribution follow from it.",
            "leave model.quantiles out; evaluate.levels asks for the bounds.",
        )
    if (config.fit.loss == "pinball") != bool(levels):
        raise UserError(
            f"{where} has model.quantiles {list(levels)} and fit.loss {config.fit.loss!r}.",
            "quantiles and the loss 'pinball', or neither: the one is learnt by the other.",
            "set both, or leave both out.",
        )
    if levels and (config.model.strategy == "recursive" or levels != config.evaluate.levels):
        raise UserError(
            f"{where} has model.quantiles {list(levels)}, model.strategy "
            f"{config.model.strategy!r} and evaluate.levels {list(config.evaluate.levels)}.",
            "the same levels in both places, and strategy direct or seq2seq.",
            "write evaluate.levels as model.quantiles, or leave model.quantiles out.",
        )


def _check_distribution(config: Config, where: str) -> None:
    model = config.model
    if (config.fit.loss == "nll") != (model.distribution is not None):
        raise UserError(
            f"{where} has model.distribution {model.distribution!r} and fit.loss "
            f"{config.fit.loss!r}.",
            "a distribution and the loss 'nll', or neither: the one is learnt by the other.",
            "set both, or leave both out.",
        )
    if model.distribution and (model.transform or "none") != "none":
        raise UserError(
            f"{where} combines model.distribution {model.distribution!r} with model.transform "
            f"{model.transform!r}.",
            "transform none: after another the values have another distribution.",
            "leave model.transform out, or learn model.quantiles instead.",
        )
