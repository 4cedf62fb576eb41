"""Decoding: from the outputs of a network to tags and texts."""
