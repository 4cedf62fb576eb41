"""Text classification, from the texts to the report."""
