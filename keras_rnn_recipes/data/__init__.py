"""Data: tables, frequencies, covariates, splits, windows, texts and the catalog of data sets."""
