"""Texts: read, cut into tokens, numbered, batched."""
