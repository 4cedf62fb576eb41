"""Train a network twice, from the same first weights, with functions that are traced once.

Tracing the functions that train and measure a small network takes longer than many epochs. A second
training on other data, as after a test, needs the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.training.state import Arrays, assign, values_of, variables_of

if TYPE_CHECKING:
    import keras

    from keras_rnn_recipes.diagnostics.gradient_flow import GradientFlow

# The attribute of a model; it is not saved with it.
_NAME = "_krr_first_training"

_FUNCTIONS = ("train_function", "test_function")


@dataclass
class FirstTraining:
    """What a second training of a network needs of the first one.

    Attributes:
        weights: of the network before the first training, with the states of random generators.
        options: what the functions depend on, besides the network.
        optimizer: its scalars before the first training; all other variables of it were 0.
        functions: of Keras, by name; empty before the first training.
        flow: that measured the gradient flow, if it was measured.
        again: whether the network has its first weights again.
    """

    weights: Arrays
    options: Any = None
    optimizer: Arrays = field(default_factory=list)
    functions: dict[str, Any] = field(default_factory=dict)
    flow: GradientFlow | None = None
    again: bool = False

    def begin(self, model: keras.Model, options: Any) -> bool:
        """Whether the functions serve this training; then the optimizer is as it was at first."""
        serve = self.again and bool(self.functions) and self.options == options
        self.again = False
        if serve:
            scalars, moments = _divided(model.optimizer)
            assign(scalars, self.optimizer)
            assign(moments, [np.zeros(one.shape) for one in moments])
        else:
            self.options, self.functions, self.flow = options, {}, None
        return serve

    def compiled(self, model: keras.Model) -> None:
        """Note the optimizer of a model that was compiled, before its first step."""
        self.optimizer = values_of(_divided(model.optimizer)[0])

    def give(self, model: keras.Model) -> None:
        """Give the model the functions, if there are any."""
        for name, function in self.functions.items():
            setattr(model, name, function)

    def keep(self, model: keras.Model) -> None:
        """Keep the functions of a model that was trained."""
        self.functions = {name: getattr(model, name) for name in _FUNCTIONS}


def first_training(model: keras.Model) -> FirstTraining:
    """The first training of a model by `fit`, which begins now if there was none."""
    if not hasattr(model, _NAME):
        setattr(model, _NAME, FirstTraining(values_of(variables_of(model))))
    found: FirstTraining = getattr(model, _NAME)
    return found


def _divided(optimizer: Any) -> tuple[list[Any], list[Any]]:
    """The variables of an optimizer: scalars, such as the number of steps, and moments."""
    variables = optimizer.variables
    return [v for v in variables if not v.shape], [v for v in variables if v.shape]


def untrained(model: keras.Model) -> keras.Model:
    """Give a network the weights that it had before `fit` trained it for the first time.

    The next `fit` with the same options then trains it as it would train a new network of the same
    seed, without tracing its functions again. The network must not be changed in between.

    Args:
        model: trained by `fit`; models that share its weights, such as its forecaster, change too.

    Returns:
        The same model.

    Example:
        >>> from functools import partial
        >>> import numpy as np, pandas as pd
        >>> from keras_rnn_recipes.builders import lstm
        >>> from keras_rnn_recipes.config.forecasting import FitConfig
        >>> from keras_rnn_recipes.data.windows import WindowSpec, window_dataset
        >>> from keras_rnn_recipes.training.loop import fit
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(40), "y": range(40)})
        >>> train = partial(window_dataset, frame, WindowSpec(8, 2), shuffle=True, repeat=True)
        >>> model, config = lstm("direct", 2, units=4), FitConfig(epochs=2)
        >>> first, second = (
        ...     fit(untrained(model) if again else model, train, num_windows=31, config=config)
        ...     for again in (False, True)
        ... )
        >>> first["loss"].equals(second["loss"])
        True
    """
    first = first_training(model)
    assign(variables_of(model), first.weights)
    first.again = True
    return model
