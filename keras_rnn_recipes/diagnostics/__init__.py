"""How a network learns: gradient flow by lag, and rules that judge it."""
