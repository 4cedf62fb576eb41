"""Back-propagation through time, written out in NumPy: read it from top to bottom.

1. `activations`: the four functions and their slopes.
2. `cells`: one step of SimpleRNN, LSTM and GRU, forward and backward.
3. `losses`: what the error is, and its slope at each output.
4. `network`: a stack of cells under a dense layer, through all steps and back.
5. `paths`: the chain rule, one path at a time; `textbook` has the case it is taught on.
6. `from_keras`: the same network with the weights of a Keras model.

Rows are examples throughout, so that a product with a weight matrix stands to its left:
``a = x W``. All numbers are float64. ``d`` before a name is the slope of the error: ``dh`` is
``dE/dh``, of the shape of ``h``.
"""

from keras_rnn_recipes.bptt.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.from_keras import keras_gradients, network_of
from keras_rnn_recipes.bptt.network import Gradients, Network, Readout, Trace, backward, forward
from keras_rnn_recipes.bptt.paths import Path, count_paths, paths
from keras_rnn_recipes.bptt.textbook import two_linear_layers

__all__ = [
    "GRUCell",
    "Gradients",
    "LSTMCell",
    "Network",
    "Path",
    "Readout",
    "SimpleRNNCell",
    "Trace",
    "backward",
    "count_paths",
    "forward",
    "keras_gradients",
    "network_of",
    "paths",
    "two_linear_layers",
]
