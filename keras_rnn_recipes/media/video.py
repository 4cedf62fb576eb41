"""Video files read frame by frame, at the frames per second that a network takes.

PyAV (the extra ``video``) decodes them: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.media.sequence_tables import Tell, ignore

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv"),
    *(".3gp", ".mjpeg", ".gif"),
)
# Frames that are converted at a time.
_GROUP = 32
# A file with fewer of the frames that its header names is told as cut short.
_WHOLE = 0.95

Convert = Callable[[list[np.ndarray]], np.ndarray]
Frame = TypeVar("Frame")


def read_video(
    path: str | Path,
    *,
    rate: float | None = None,
    convert: Convert = np.stack,
    tell: Tell = ignore,
) -> np.ndarray:
    """Read the frames of a video.

    Frames are turned as the camera was held. A damaged video is read up to the damage, with a note.

    Args:
        path: of the file.
        rate: frames per second to sample, see `sample_frames`; None for every frame.
        convert: makes an array ``(frames, ...)`` of some frames, uint8 ``(height, width, 3)`` each,
            so that large frames are not kept.
        tell: called with each note on the file.

    Returns:
        What ``convert`` makes of all frames, at least one.

    Raises:
        UserError: PyAV is not installed, or the file is missing, is no video or has no frame that
            can be decoded; the message names it.

    Example:
        >>> read_video("wave.mp4", rate=10).shape  # doctest: +SKIP
        (30, 240, 320, 3)
    """
    with _opened(Path(path)) as video:
        shown = _shown(video, Path(path), tell)
        stream = video.streams.video[0]
        if rate is None:
            frames: Iterator[Any] = (frame for _, frame in shown)
        else:
            frames = sample_frames(shown, rate, last=1 / _rate_of(stream, rate))
        # Bounded by frames, and for large ones by pixels: all of them are held at once.
        pixels = max(stream.codec_context.width * stream.codec_context.height, 1)
        some = max(min(_GROUP, 4_000_000 // pixels), 1)
        parts = []
        while group := [_pixels(frame) for frame in islice(frames, some)]:
            parts.append(convert(group))
    return np.concatenate(parts)


def frame_rate(path: str | Path) -> float:
    """The frames per second of a video, from its header.

    Args:
        path: of the file.

    Raises:
        UserError: as `read_video`.

    Example:
        >>> frame_rate("wave.mp4")  # doctest: +SKIP
        29.97
    """
    with _opened(Path(path)) as video:
        return round(_rate_of(video.streams.video[0], 25.0), 3)


def sample_frames(
    timed: Iterable[tuple[float, Frame]], rate: float, *, last: float
) -> Iterator[Frame]:
    """The frames that are shown at equally spaced moments.

    The n-th moment, from 0, is the middle of the n-th interval of ``1 / rate`` seconds from the
    first frame on, so that times which were rounded do not repeat or leave out frames.

    Args:
        timed: time in seconds at which a frame appears, and the frame, in order.
        rate: moments per second. Where it is higher than that of the frames, frames are repeated.
        last: seconds for which the last frame is shown.

    Returns:
        At least one frame, if there is one.

    Example:
        >>> "".join(sample_frames([(0.0, "a"), (0.1, "b"), (0.3, "c")], 10, last=0.1))
        'abbc'
        >>> "".join(sample_frames([(n / 30, "abcdef"[n]) for n in range(6)], 10, last=1 / 30))
        'be'
    """
    start, taken = 0.0, 0
    before: list[Any] = []
    time = 0.0
    for time, frame in timed:
        if not before:
            start = time
        while before and (taken + 0.5) / rate < time - start - 1e-9:
            yield before[0]
            taken += 1
        before = [frame]
    while before and (taken == 0 or (taken + 0.5) / rate < time + last - start - 1e-9):
        yield before[0]
        taken += 1


def _shown(video: Any, path: Path, tell: Tell) -> Iterator[tuple[float, Any]]:
    """The frames with the times at which they appear, up to the first damage, which is told."""
    import av

    stream, count, damage = video.streams.video[0], 0, ""
    rate = _rate_of(stream, 25.0)
    try:
        for frame in video.decode(stream):
            yield (count / rate if frame.time is None else frame.time), frame
            count += 1
    except av.error.FFmpegError as error:
        damage = error.strerror
    if not count:
        raise _unreadable(path, damage or "it has no frame that can be decoded")
    if damage or count < _WHOLE * stream.frames:
        of = f" of {stream.frames:,}" if stream.frames > count else ""
        tell(f"{path.name} is damaged or cut short: {count:,}{of} frames could be read.")


def _rate_of(stream: Any, otherwise: float) -> float:
    return float(stream.average_rate or stream.guessed_rate or otherwise)


def _pixels(frame: Any) -> np.ndarray:
    """The frame as uint8 ``(height, width, 3)``, upright; the rotation is counterclockwise."""
    return np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90) % 4)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, opened by PyAV, with a video in it."""
    require_extra("video", f"Reading the video {path.name}")
    import av

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The video {path} {what}.", "a video file.", "check the path.")
    try:
        video: Any = av.open(str(path))
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error
    with video:
        if not video.streams.video:
            raise _unreadable(path, "it has no picture")
        yield video


def _unreadable(path: Path, reason: object) -> UserError:
    told = getattr(reason, "strerror", None) or reason
    return UserError(
        f"{path} is damaged or no video: {str(told).rstrip('.')}.",
        "a video file that FFmpeg reads, such as MP4, MOV, MKV, WebM, AVI or GIF.",
        "leave the file out, or save it again as MP4.",
    )
