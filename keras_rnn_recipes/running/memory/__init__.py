"""Recipes that measure how far back a recurrent network remembers."""
