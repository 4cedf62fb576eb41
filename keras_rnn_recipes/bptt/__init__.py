"""Back-propagation through time in NumPy, written to be read in this order.

1. `activations`: four activation functions and their derivatives.
2. `cells`: one step of SimpleRNN, LSTM and GRU, forward and backward.
3. `losses`: the loss, and its gradient with respect to each output.
4. `network`: a stack of cells under a dense layer, forward through all steps and back.
5. `from_keras`: the same network with the weights of a Keras model.
6. `paths` and `textbook`: the chain rule path by path; `path_table` and `path_drawing` show it.
7. `unrolled`: one example with all intermediate values; `equations` and `cell_equations` write its
   formulas with the numbers filled in.
8. `worked_example`: read three digits, answer them in reverse order, make one gradient step.

Each row is an example, so a weight matrix is the right factor of a product: ``a = x W``. All
numbers are float64. ``E`` is the loss. ``d`` before a name is the gradient of the loss with respect
to it: ``dh`` is ``dE/dh`` and has the shape of ``h``.
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
