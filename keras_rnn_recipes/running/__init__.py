"""Running an experiment: its configuration, its folder, training, and what is kept of it."""
