"""Sequence tagging, from its recipe to its report."""
