"""Language models, from the text to the report."""
