"""What a recipe may say, as data: schemas, TOML files, defaults, the catalogue of recipes.

Imports neither TensorFlow nor Keras, so that listing and validating recipes is instant.
"""
