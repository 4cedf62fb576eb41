"""Sequence tagging, from the sentences to the report."""
