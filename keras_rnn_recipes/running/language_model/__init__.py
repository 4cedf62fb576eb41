"""Language modelling, from its recipe to its report."""
