"""The folder of one run: its files, its lock, its environment, and records of finished runs."""
