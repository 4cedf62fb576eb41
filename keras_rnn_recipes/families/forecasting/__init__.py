"""Forecasting, from the series to the report."""
