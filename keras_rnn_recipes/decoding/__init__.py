"""After the network: from its logits to tags and texts."""
