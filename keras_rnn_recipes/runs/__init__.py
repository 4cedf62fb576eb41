"""The folder of a run: its files, lock and environment, and records of finished runs."""
