"""Recipes as data: the schema of each family, TOML files, defaults, the catalogue of recipes.

Imports neither TensorFlow nor Keras, so listing and validating recipes takes milliseconds.
"""
