"""The arithmetic of the pretrained forecaster, written once for NumPy and for Keras, its weights,
and their card.

An answer for one series needs NumPy alone; importing TensorFlow would take longer than the rest.
"""
