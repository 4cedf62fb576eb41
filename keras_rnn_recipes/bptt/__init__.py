"""Back-propagation through time, written out in NumPy: read it from top to bottom.

1. `activations`: the four functions and their slopes.
2. `cells`: one step of SimpleRNN, LSTM and GRU, forward and backward.
3. `losses`: what the error is, and its slope at each output.
4. `network`: a stack of cells under a dense layer, through all steps and back.
5. `from_keras`: the same network with the weights of a Keras model.

Rows are examples throughout, so that a product with a weight matrix stands to its left:
``a = x W``. All numbers are float64. ``d`` before a name is the slope of the error: ``dh`` is
``dE/dh``, of the shape of ``h``.
"""
