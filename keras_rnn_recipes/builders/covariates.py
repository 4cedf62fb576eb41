"""The covariates of a forecaster: its additional inputs, and the channels made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_rnn_recipes.layers import BesideHistory, KnownColumns, TakeColumns

# Longer vectors for categories would add many weights for little information.
_LONGEST_VECTOR = 16


@dataclass(frozen=True)
class CovariateInputs:
    """The covariates of a forecaster: past (known up to now), future (known ahead) and static.

    Args:
        past_codes, future_codes, static_codes: for each column the number of its category codes; 0
            for a column of numbers.
        series_embedding: length of the vector of the last static column, which is then the code of
            the series; None: the length follows from the number of codes.
    """

    past_codes: tuple[int, ...] = ()
    future_codes: tuple[int, ...] = ()
    static_codes: tuple[int, ...] = ()
    series_embedding: int | None = None

    def inputs(self, history: Any) -> Any:
        """The inputs of the model: ``history``, or a dict of it, ``future`` and ``static``."""
        named = {"history": history}
        if self.future_codes:
            named["future"] = keras.Input((None, len(self.future_codes)), name="future")
        if self.static_codes:
            named["static"] = keras.Input((len(self.static_codes),), name="static")
        return named if len(named) > 1 else history

    def divide(self, history: Any) -> tuple[Any, Any]:
        """Split the features of a history into numbers and category codes (None if no codes)."""
        places = [place for place, size in enumerate(self.past_codes) if size]
        if not places:
            return history, None
        first = history.shape[-1] - len(self.past_codes)
        numbers = [n for n in range(history.shape[-1]) if n - first not in places]
        codes = TakeColumns([first + place for place in places], name="past_codes")(history)
        return TakeColumns(numbers, name="past_numbers")(history), codes

    def channels(self, inputs: Any, past_codes: Any) -> dict[str, Any]:
        """The channels of each kind: ``(batch, rows, channels)``, static ``(batch, channels)``."""
        named = {"past": past_codes, **(inputs if isinstance(inputs, dict) else {})}
        codes = {
            "past": tuple(size for size in self.past_codes if size),
            "future": self.future_codes,
            "static": self.static_codes,
        }
        return {
            kind: self._columns(kind, sizes)(named[kind]) for kind, sizes in codes.items() if sizes
        }

    def _columns(self, kind: str, codes: tuple[int, ...]) -> KnownColumns:
        widths = [min(_LONGEST_VECTOR, math.isqrt(size) + 1) if size else 0 for size in codes]
        if kind == "static" and self.series_embedding:
            widths[-1] = self.series_embedding
        exact = keras.config.floatx()
        return KnownColumns(codes, widths, name=f"{kind}_columns", dtype=exact)


def describe_covariates(
    *,
    num_past: int,
    num_future: int,
    num_static: int,
    past_codes: Sequence[int],
    future_codes: Sequence[int],
    static_codes: Sequence[int],
    series_embedding: int | None,
) -> CovariateInputs:
    """Check the options of `forecaster` that describe covariates, and collect them.

    Args:
        num_past, num_future, num_static: number of columns of each kind.
        past_codes, future_codes, static_codes, series_embedding: as in `CovariateInputs`; with
            no codes all columns are numbers.

    Raises:
        ValueError: there is not one code per column, or an embedding without a series code.
    """
    parts = {}
    for kind, number, codes in (
        ("past", num_past, past_codes),
        ("future", num_future, future_codes),
        ("static", num_static, static_codes),
    ):
        if codes and (len(codes) != number or min(codes) < 0):
            raise ValueError(
                f"{kind}_codes must have one number, 0 or more, for each of {number} {kind} "
                f"columns; received {codes!r}."
            )
        parts[f"{kind}_codes"] = tuple(codes) or (0,) * number
    if series_embedding is not None and series_embedding < 1:
        raise ValueError(f"series_embedding must be at least 1; received {series_embedding!r}.")
    if series_embedding is not None and not (parts["static_codes"] and parts["static_codes"][-1]):
        raise ValueError(
            "series_embedding needs the code of the series as the last static column; received "
            f"static_codes={static_codes!r}."
        )
    return CovariateInputs(**parts, series_embedding=series_embedding)


def covariates_of_history(history: Any, channels: dict[str, Any]) -> list[Any]:
    """The covariates at each time step of a history, ``(batch, time, channels)`` per kind."""
    return [
        values if kind == "past" else BesideHistory(name=f"{kind}_beside")(history, values)
        for kind, values in channels.items()
    ]
