"""Text before the model: files, tags, words and ids."""
