"""The contenders and their settings: the documented defaults, or the size of our recipe.

Arguments without a default in a library are chosen here, the same for every task:

- neuralforecast: LSTM, GRU and DeepAR have a default for every argument (``input_size`` is three
  horizons). NHITS requires an ``input_size``: two horizons, as in the library's quick start. It
  refuses a panel with a shorter series unless ``start_padding_enabled`` is set, so it is set.
- darts: both models require an ``input_chunk_length``: two horizons, or the shortest series where
  that is shorter. ``training_length`` must be longer, by the horizon here. Series are scaled to
  0 to 1 (``Scaler``) and given as 32-bit numbers, as in the library's examples of these models.
- statsforecast: the season of the task.

"equal" has the width, depth, number of training steps and series per batch of our recipe; all else
is the default, including the number of windows that neuralforecast takes from a batch. NHITS has no
recurrent layers; its hidden layers get the width. darts uses an LSTM cell. A recipe of several
networks is also run with one network, as our "equal", and with one network for a quarter of its
epochs, as our "quick".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

OURS = "keras_rnn_recipes"
# Repeats the last season. A model that is worse has learned nothing useful.
FLOOR = "seasonal_naive"
RECIPE, DEFAULTS, EQUAL, QUICK = "recipe", "defaults", "equal", "quick"
MODELS = {
    OURS: ("LSTM",),
    "neuralforecast": ("LSTM", "GRU", "DeepAR", "NHITS"),
    "darts": ("RNNModel", "BlockRNNModel"),
    "statsforecast": ("AutoETS", "AutoTheta"),
}
NOT_RECURRENT = ("NHITS", "AutoETS", "AutoTheta", FLOOR)
# Deterministic: one run is enough.
WITHOUT_SEED = ("AutoETS", "AutoTheta", FLOOR)


@dataclass(frozen=True, order=True)
class Contender:
    """One row of the table: a model of a library, with its settings from one of three sources."""

    library: str
    model: str
    variant: str

    @property
    def name(self) -> str:
        """As on the command line and in the results, such as ``darts/RNNModel/equal``."""
        return f"{self.library}/{self.model}/{self.variant}"

    @property
    def recurrent(self) -> bool:
        """Whether it is a recurrent network."""
        return self.model not in NOT_RECURRENT


@dataclass(frozen=True)
class Size:
    """What "equal" makes equal: of one network of our recipe for the task."""

    width: int
    depth: int
    steps: int
    batch: int
    members: int = 1


@dataclass(frozen=True)
class Shape:
    """What settings depend on: of the task."""

    horizon: int
    season_length: int
    shortest: int


def all_contenders() -> Iterator[Contender]:
    """All contenders: ours first, each peer with its defaults, and the networks of equal size."""
    yield Contender(OURS, FLOOR, DEFAULTS)
    yield Contender(OURS, "LSTM", RECIPE)
    yield Contender(OURS, "LSTM", QUICK)
    for library, models in MODELS.items():
        for model in models:
            yield Contender(library, model, DEFAULTS)
            if library != "statsforecast":
                yield Contender(library, model, EQUAL)


def settings_of(contender: Contender, shape: Shape, size: Size | None) -> dict[str, Any]:
    """Arguments of the peer's constructor beside the horizon.

    Args:
        contender: a peer.
        shape: of the task.
        size: of our recipe; needed for "equal".

    Example:
        >>> shape = Shape(horizon=12, season_length=12, shortest=60)
        >>> settings_of(Contender("neuralforecast", "NHITS", "defaults"), shape, None)
        {'input_size': 24}
    """
    settings = _demanded(contender, shape)
    if contender.variant == EQUAL:
        if size is None:
            raise ValueError(f"{contender.name} needs the size of our recipe")
        settings |= _equal(contender, size)
    return settings


def _demanded(contender: Contender, shape: Shape) -> dict[str, Any]:
    if contender.library == "statsforecast":
        return {"season_length": shape.season_length}
    if contender.library == "neuralforecast":
        seen = 2 * shape.horizon if contender.model == "NHITS" else 3 * shape.horizon
        given = {"input_size": seen} if contender.model == "NHITS" else {}
        # DeepAR needs one step more than its window.
        return given | ({"start_padding_enabled": True} if shape.shortest <= seen else {})
    seen = min(2 * shape.horizon, shape.shortest)
    if contender.model == "RNNModel":
        return {"input_chunk_length": seen, "training_length": seen + shape.horizon}
    return {"input_chunk_length": seen, "output_chunk_length": shape.horizon}


def _equal(contender: Contender, size: Size) -> dict[str, Any]:
    width, depth = size.width, size.depth
    training = {"max_steps": size.steps, "batch_size": size.batch}
    if contender.library == "darts":
        return {"model": "LSTM", "hidden_dim": width, "n_rnn_layers": depth, **training}
    if contender.model == "NHITS":
        return {"mlp_units": 3 * [[width, width]], **training}
    if contender.model == "DeepAR":
        return {"lstm_hidden_size": width, "lstm_n_layers": depth, **training}
    return {
        "encoder_hidden_size": width,
        "encoder_n_layers": depth,
        "decoder_hidden_size": width,
        **training,
    }
