"""What leaves the package and comes back: SavedModel and ONNX export, and loading them."""
