"""Export to SavedModel and ONNX, and loading what was exported."""
