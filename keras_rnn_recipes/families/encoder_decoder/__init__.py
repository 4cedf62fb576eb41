"""Encoders and decoders, from pairs of texts to the report."""
