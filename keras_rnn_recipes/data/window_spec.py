"""The geometry of training windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from keras_rnn_recipes.errors import UserError

Strategy = Literal["recursive", "direct", "seq2seq"]


@dataclass(frozen=True)
class WindowSpec:
    """How a series is cut into training windows.

    Args:
        lookback: steps of the input window.
        horizon: steps to forecast.
        stride: steps between the starts of two windows.
        gap: steps between the end of the input window and the first target.
        strategy: "direct" (the horizon after the window), "recursive" (the next value at every
            step) or "seq2seq" (the whole horizon at every step).
        burn_in: first steps of a window that have no weight in the loss, for the strategies that
            forecast at every step: there the state of the network is still empty, and lags reach
            back before the window.

    Raises:
        UserError: a number out of range, an unknown strategy, a gap with "recursive" (whose
            forecasts are always one step ahead), or a burn-in that leaves no step with a weight.

    Example:
        >>> WindowSpec(lookback=28, horizon=14).span
        42
    """

    lookback: int
    horizon: int
    stride: int = 1
    gap: int = 0
    strategy: Strategy = "direct"
    burn_in: int = 0

    def __post_init__(self) -> None:
        """Validate the fields."""
        numbers = {"lookback": 1, "horizon": 1, "stride": 1, "gap": 0, "burn_in": 0}
        for name, least in numbers.items():
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
                raise UserError(
                    f"{name} is {value!r}.",
                    f"a whole number of at least {least}.",
                    f"give {name}={max(least, 1)} or more.",
                )
        if self.strategy not in get_args(Strategy):
            raise UserError(
                f"The strategy is {self.strategy!r}.",
                f"one of: {', '.join(get_args(Strategy))}.",
                "choose one of these.",
            )
        if self.gap and self.strategy == "recursive":
            raise UserError(
                f"The recursive strategy was given a gap of {self.gap}.",
                "a gap of 0, since each forecast feeds the next step.",
                "leave the gap out, or choose the strategy direct or seq2seq.",
            )
        if self.burn_in >= (1 if self.strategy == "direct" else self.lookback):
            raise UserError(
                f"burn_in is {self.burn_in}, with a lookback of {self.lookback} and the strategy "
                f"{self.strategy}.",
                "fewer steps than the lookback, and 0 with the strategy direct, which has a target "
                "at the last step only.",
                "lower burn_in, or leave it out.",
            )

    @property
    def ahead(self) -> int:
        """Steps after the lookback that a window needs: 1 if recursive, else gap + horizon."""
        return 1 if self.strategy == "recursive" else self.gap + self.horizon

    @property
    def span(self) -> int:
        """Steps of a whole window, from its first input to its last target."""
        return self.lookback + self.ahead
