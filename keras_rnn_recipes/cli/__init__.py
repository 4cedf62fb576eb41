"""The command line ``krr``."""
