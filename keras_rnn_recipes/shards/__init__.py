"""Panels larger than memory: folders of Parquet files, each of which holds whole series."""
