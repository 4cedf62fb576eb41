"""Before the model: tables, frequencies, splits, windows and the catalogue of data sets."""
