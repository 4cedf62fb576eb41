"""Video files of several kinds, written by FFmpeg and read again, and folders of frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from media.videos import CODECS, moving_bar, write_frames, write_video
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.frame_folders import frame_counts, read_frame_folder
from keras_rnn_recipes.media.sequence_files import (
    FileOptions,
    read_listed_files,
    read_sequence_folder,
)
from keras_rnn_recipes.media.video import frame_rate, read_video, sample_frames

pytest.importorskip("av", reason="needs the extra video: pip install 'keras-rnn-recipes[video]'")


@pytest.mark.parametrize("suffix", CODECS)
def test_every_frame_of_a_file_is_read(tmp_path, suffix):
    frames, notes = moving_bar(), []
    path = write_video(tmp_path / f"a{suffix}", frames)
    assert frame_rate(path) == 10
    found = read_video(path, tell=notes.append)
    assert found.shape == frames.shape and found.dtype == np.uint8 and not notes
    assert np.abs(found.astype(int) - frames).mean() < (
        25 if suffix == ".gif" else 12
    )  # a GIF has few colors
    # Half the rate takes every other frame, twice the rate shows each of them twice.
    fewer, more = (read_video(path, rate=rate) for rate in (5, 20))
    assert len(fewer) == 6 and len(more) == 24
    np.testing.assert_array_equal(more[::2], found)
    np.testing.assert_array_equal(more[1::2], found)
    small = read_video(path, convert=lambda some: np.stack(some)[:, ::2, ::2, :1])
    np.testing.assert_array_equal(small, found[:, ::2, ::2, :1])


@draws(100)
@given(
    st.lists(st.floats(0.01, 0.5), min_size=1, max_size=20), st.floats(0.5, 60), st.floats(0.01, 1)
)
def test_the_frame_at_a_moment_is_the_last_one_that_appeared(gaps, rate, last):
    times = np.cumsum([3.0, *gaps])
    timed = [(float(time), number) for number, time in enumerate(times)]
    found = list(sample_frames(timed, rate, last=last))
    moments = 3.0 + (np.arange(len(found)) + 0.5) / rate
    expected = np.searchsorted(times, moments + 1e-7, side="right") - 1
    near = np.abs(moments[:, None] - times[None]).min(axis=1) < 1e-6
    assert (near | (expected == np.array(found))).all()
    assert abs(len(found) - (times[-1] + last - 3.0) * rate) <= 1


def test_a_video_is_turned_as_the_camera_was_held(tmp_path):
    frames = np.full((3, 32, 48, 3), 20, "uint8")
    frames[:, :16, :24] = 230  # the upper left quarter
    path = write_video(tmp_path / "phone.mp4", frames)
    content = path.read_bytes()
    upright = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    # In the header of the track: a quarter turn clockwise, which a phone held upright writes.
    turned = np.array([0, 0x10000, 0, -0x10000, 0, 0, 32 << 16, 0, 0x40000000], ">i4").tobytes()
    track = content.index(b"tkhd")
    path.write_bytes(content[:track] + content[track:].replace(upright, turned, 1))
    found = read_video(path)
    assert found.shape[1:3] == (48, 32)
    bright = found[0].mean(axis=2) > 120
    assert bright[:20, 20:].all() and not bright[28:].any() and not bright[:, :12].any()


def test_a_broken_video_is_refused_by_name_or_read_as_far_as_it_goes(tmp_path):
    whole = write_video(tmp_path / "whole.avi", moving_bar(60)).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    notes = []
    found = read_video(tmp_path / "cut.avi", rate=10, tell=notes.append)
    assert 10 < len(found) < 50
    assert len(notes) == 1 and notes[0].startswith("cut.avi is ") and "of 60" in notes[0]
    film = write_video(tmp_path / "film.mp4", moving_bar(30)).read_bytes()
    for name, content in (
        ("cut.mp4", film[: len(film) // 2]),
        ("text.mp4", b"no video"),
        ("empty.gif", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} is damaged or no video"):
            read_video(tmp_path / name)
    with pytest.raises(UserError, match="does not exist"):
        read_video(tmp_path / "none.mp4")


def test_without_the_reader_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"a\.mp4 needs av") as error:
        read_video(tmp_path / "a.mp4")
    assert "keras-rnn-recipes[video]" in str(error.value)


def test_a_folder_of_frames_with_a_missing_and_a_damaged_one(tmp_path):
    frames, notes = moving_bar(12), []
    folder = write_frames(tmp_path / "walk", frames, left_out=(7,))
    np.testing.assert_array_equal(
        read_frame_folder(folder, tell=notes.append), frames[[0, 1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11]]
    )
    assert notes == [
        "walk: 1 missing frame is filled in by the frame before, the first after frame_6."
    ]
    broken = (folder / "frame_10.png").read_bytes()
    (folder / "frame_10.png").write_bytes(broken[:60])
    (folder / "notes.txt").write_text("in May")
    notes.clear()
    found = read_frame_folder(folder, tell=notes.append)
    np.testing.assert_array_equal(found[9], frames[8])
    assert "1 damaged frame was left out: frame_10.png" in notes[0] and "2 missing" in notes[1]
    for path in folder.glob("*.png"):
        path.write_bytes(b"x")
    with pytest.raises(UserError, match="No frame in the folder .*walk"):
        read_frame_folder(folder)


@pytest.mark.parametrize(
    "names, counts",
    [
        (["a"], [1]),
        (["a1", "a3"], [1, 1]),
        (["f01", "f02", "f03", "f05", "f06", "f07"], [1, 1, 2, 1, 1, 1]),
        (["f0", "f5", "f10", "f20", "f25", "f30"], [1, 1, 2, 1, 1, 1]),
        (["t0", "t33", "t67", "t100"], [1, 1, 1, 1]),
        (["f1", "f2", "f3", "f900"], [1, 1, 1, 1]),
        (["one", "two", "three", "four"], [1, 1, 1, 1]),
        (["f1", "g1", "h1", "i1"], [1, 1, 1, 1]),
    ],
)
def test_numbers_tell_missing_frames(names, counts):
    assert frame_counts(names) == counts


def test_videos_in_folders_named_by_label_become_frames_of_one_size(tmp_path):
    for label, step in (("left", -4), ("right", 4)):
        write_video(tmp_path / label / "a.mp4", moving_bar(step=step))
        write_video(tmp_path / label / "b.gif", moving_bar(step=step, height=32, width=32))
    write_video(tmp_path / "left" / "c.avi", moving_bar(36, step=-4), rate=30)
    (tmp_path / "left" / "a.jpg").write_bytes(b"a preview")
    notes = []
    options = FileOptions(frame_size=(16, 20, 1), tell=notes.append)
    found = read_sequence_folder(tmp_path, options)
    assert found.kind == "frames" and found.rate == 10 and found.channels == ("grey",)
    assert found.labels == ("left",) * 3 + ("right",) * 2
    assert {one.shape for one in found.values} == {(12, 16, 20, 1)}
    assert notes == [
        f"{tmp_path.name}: 1 file left out: .jpg.",
        "1 video was sampled at 10 frames a second.",
    ]
    # The bar is where it was, in the smaller frames as well.
    for one, width in zip(found.values[3:], (64, 32), strict=True):
        bright = np.flatnonzero(one[3].mean(axis=(0, 2)) > 120)
        assert abs(bright.mean() + 0.5 - (3 * 4 + 4) * 20 / width) <= 1
    colored = read_sequence_folder(tmp_path, FileOptions(frame_size=(8, 8, 3), frame_rate=5))
    assert colored.channels == ("red", "green", "blue") and set(colored.lengths) == {6}
    (tmp_path / "right" / "z.mp4").write_bytes(b"cut")
    with pytest.raises(UserError, match=r"z\.mp4"):
        read_sequence_folder(tmp_path)


def test_folders_of_frames_by_label_in_a_table_and_without_labels(tmp_path):
    for label, step in (("left", -4), ("right", 4)):
        for name in ("a", "b"):
            write_frames(tmp_path / "all" / label / name, moving_bar(5, step=step))
    found = read_sequence_folder(tmp_path / "all", FileOptions(frame_size=(8, 8, 1)))
    assert found.names == ("left/a", "left/b", "right/a", "right/b") and found.rate is None
    assert found.labels == ("left", "left", "right", "right") and set(found.lengths) == {5}
    new = read_sequence_folder(tmp_path / "all" / "left" / "a", labelled=False)
    assert new.names == ("a",) and new.values[0].shape == (5, 32, 32, 1)
    (tmp_path / "list.csv").write_text("file,label\nall/right/b,r\nall/left/a,l\n")
    listed = read_listed_files(tmp_path / "list.csv", FileOptions(frame_size=(8, 8, 1)))
    assert listed.labels == ("r", "l")
    np.testing.assert_array_equal(listed.values[1], found.values[0])
    (tmp_path / "all" / "left" / "a").rename(tmp_path / "all" / "loose")
    with pytest.raises(UserError, match="loose lie in no folder of frames"):
        read_sequence_folder(tmp_path / "all")
