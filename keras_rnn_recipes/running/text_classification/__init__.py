"""Text classification, from its recipe to its report."""
