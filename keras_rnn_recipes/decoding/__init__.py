"""After the model: from scores to what is read, by search or by drawing."""
