"""Small videos written for tests: a bright bar that moves over a dark ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CODECS = {".mp4": ("mpeg4", "yuv420p"), ".avi": ("mjpeg", "yuvj420p"), ".gif": ("gif", "rgb8")}


def moving_bar(
    count: int = 12, *, height: int = 48, width: int = 64, step: int = 4, start: int = 0
) -> np.ndarray:
    """A bar of eight columns, ``step`` pixels further to the right in each frame, uint8 RGB."""
    frames = np.full((count, height, width, 3), 20, "uint8")
    for number, frame in enumerate(frames):
        columns = (start + number * step + np.arange(8)) % width
        frame[:, columns] = 230
    return frames


def write_video(path: Path, frames: np.ndarray, rate: int = 10) -> Path:
    """Write RGB frames with the codec that belongs to the suffix."""
    import av

    codec, pixels = CODECS[path.suffix]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as video:
        stream = video.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        for frame in frames:
            video.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        video.mux(stream.encode())
    return path


def write_frames(folder: Path, frames: np.ndarray, *, left_out: tuple[int, ...] = ()) -> Path:
    """Write frames as PNG files with numbers that are not padded by zeros."""
    from PIL import Image

    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, start=1):
        if number not in left_out:
            Image.fromarray(frame).save(folder / f"frame_{number}.png")
    return folder
