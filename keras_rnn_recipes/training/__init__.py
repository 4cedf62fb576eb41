"""From a model and batches to weights: the training loop, losses, kernels and callbacks."""
