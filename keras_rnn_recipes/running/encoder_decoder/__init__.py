"""Sequence to sequence, from its recipe to its report."""
