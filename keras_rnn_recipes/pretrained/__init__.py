"""The pretrained forecaster: its arithmetic, for NumPy and for Keras, its weights and their card.

An answer for one series needs NumPy alone; importing TensorFlow would take longer than the rest.
"""
