"""Images of every mode read right, broken files named, folders listed with what was left out."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.images import (
    content_key,
    list_images,
    read_all,
    read_header,
    read_image,
)

RED, SIZE = (200, 40, 20), (5, 3)  # Pillow's sizes are width and height


def saved(tmp_path, image, name="picture.png", **options):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def everywhere(path, pixel, tolerance=0):
    image = read_image(path)
    assert image.dtype == np.uint8 and image.shape == (3, 5, len(pixel))
    assert np.abs(image.astype(int) - pixel).max() <= tolerance


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.gif", "a.jpg", "a.webp"])
def test_a_color_is_the_same_in_every_format(tmp_path, name):
    lossy = name.endswith(("jpg", "webp"))
    image = Image.new("RGB", SIZE, RED)
    options = {"quality": 100, "subsampling": 0} if name.endswith("jpg") else {}
    everywhere(saved(tmp_path, image, name, **options), RED, 4 if lossy else 0)


def test_a_palette_becomes_its_colors(tmp_path):
    image = Image.new("P", SIZE, 1)
    image.putpalette([0, 0, 0, *RED])
    everywhere(saved(tmp_path, image), RED)


def test_a_transparent_palette_entry_is_white(tmp_path):
    image = Image.new("P", SIZE, 1)
    image.putpalette([0, 0, 0, *RED])
    path = saved(tmp_path, image, "a.gif", transparency=1)
    everywhere(path, (255, 255, 255))


def test_cmyk_becomes_rgb(tmp_path):
    # No ink but a fifth of cyan: red falls by a fifth.
    image = Image.new("CMYK", SIZE, (51, 0, 0, 0))
    everywhere(saved(tmp_path, image, "a.jpg", quality=100), (204, 255, 255), 3)
    everywhere(saved(tmp_path, image, "a.tiff"), (204, 255, 255), 1)


def test_opacity_is_shown_on_white(tmp_path):
    # 0.6 of the color and 0.4 of white, by hand: 0.6 * 200 + 0.4 * 255 = 222.
    everywhere(saved(tmp_path, Image.new("RGBA", SIZE, (*RED, 153))), (222, 126, 114), 1)
    everywhere(saved(tmp_path, Image.new("LA", SIZE, (100, 0))), (255,))
    everywhere(saved(tmp_path, Image.new("LA", SIZE, (100, 255))), (100,))


def test_grey_stays_one_channel(tmp_path):
    everywhere(saved(tmp_path, Image.new("L", SIZE, 77)), (77,))
    everywhere(saved(tmp_path, Image.new("1", SIZE, 1)), (255,))
    everywhere(saved(tmp_path, Image.new("1", SIZE, 0)), (0,))


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    deep = Image.fromarray(np.full((3, 5), 257 * 99, "uint16"))
    everywhere(saved(tmp_path, deep), (99,))
    # A dark picture of 16 bits stays dark.
    everywhere(saved(tmp_path, Image.fromarray(np.full((3, 5), 257, "uint16"))), (1,))
    real = Image.fromarray(np.full((3, 5), 0.4, "float32"))
    everywhere(saved(tmp_path, real, "a.tiff"), (102,))


def test_the_first_picture_of_an_animation_counts(tmp_path):
    frames = [Image.new("RGB", SIZE, color) for color in (RED, (0, 0, 255), (0, 255, 0))]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    everywhere(path, RED)


def test_an_image_is_turned_as_the_camera_was_held(tmp_path):
    upright = Image.new("RGB", SIZE, (0, 0, 0))
    upright.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise: left above becomes right above
    path = saved(tmp_path, upright, exif=exif)
    image = read_image(path)
    assert image.shape == (5, 3, 3) and image[0, 2].tolist() == [255] * 3
    header = read_header(path, "x")
    assert (header.height, header.width, header.label, header.grey) == (5, 3, "x", False)


def test_the_content_decides_not_the_suffix(tmp_path):
    path = saved(tmp_path, Image.new("RGB", SIZE, RED), "a.png")
    everywhere(path.rename(tmp_path / "a.jpg"), RED)


def damaged_png(data: bytes) -> bytes:
    """The same picture with a wrong byte among its compressed pixels."""
    place = data.index(b"IDAT") + 6
    return data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]


def long_claims(data: bytes) -> bytes:
    """A PNG whose header claims forty thousand pixels on each side."""
    start = data.index(b"IHDR")
    chunk = b"IHDR" + struct.pack(">II", 40_000, 40_000) + data[start + 12 : start + 17]
    return data[:start] + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[start + 21 :]


DAMAGE = {
    "empty": lambda data: b"",
    "text": lambda data: b"not an image at all",
    "cut short": lambda data: data[: len(data) // 2],
    "wrong byte": damaged_png,
    "too many pixels": long_claims,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_broken_file_is_one_message_that_names_it(tmp_path, kind):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3)).astype("uint8")
    Image.fromarray(pixels).save(buffer, "PNG")
    path = tmp_path / "cat 07.png"
    path.write_bytes(DAMAGE[kind](buffer.getvalue()))
    with pytest.raises(UserError, match="cat 07.png") as caught:
        read_image(path)
    assert "Fix: remove the file, or save it again as PNG." in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(UserError, match="nowhere.png does not exist"):
        read_image(tmp_path / "nowhere.png")
    with pytest.raises(UserError, match="is a folder"):
        read_image(tmp_path)


def test_a_folder_is_listed_with_what_was_left_out(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.JPG", "dog/1.png", "stray.png"):
        saved(tmp_path, Image.new("L", SIZE, 9), name)
    for name in ("dog/notes.txt", "dog/.DS_Store", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    (tmp_path / "dog" / "broken.png").write_bytes(b"oops")
    notes: list[str] = []
    files = list_images(tmp_path, labelled=True, tell=notes.append)
    assert [(file.path.name, file.label) for file in files] == [
        ("1.png", "cat"),
        ("2.JPG", "cat"),
        ("1.png", "dog"),
    ]
    text = "\n".join(notes)
    assert "1 file in" in text and "notes.txt" in text
    assert "1 image outside the folders of labels: stray.png." in text
    assert "1 file was left out" in text and "broken.png is not an image" in text
    assert "DS_Store" not in text and "Thumbs" not in text
    flat = list_images(tmp_path, labelled=False, tell=lambda note: None)
    assert len(flat) == 4 and {file.label for file in flat} == {""}


def test_folders_without_images_are_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        list_images(tmp_path / "nowhere", labelled=True, tell=print)
    saved(tmp_path, Image.new("L", SIZE), "a.png")
    with pytest.raises(UserError, match="holds no image in a subfolder"):
        list_images(tmp_path, labelled=True, tell=print)
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_bytes(b"oops")
    with pytest.raises(UserError, match="No image in .* can be read"):
        list_images(tmp_path, labelled=True, tell=lambda note: None)


def test_files_that_turn_out_damaged_are_told_and_left_out(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3)).astype("uint8")
    whole = [saved(tmp_path, Image.fromarray(pixels), f"{name}.png") for name in "ab"]
    files = [read_header(path) for path in whole]
    whole[0].write_bytes(whole[0].read_bytes()[:5000])
    notes: list[str] = []
    kept, images = read_all(files, lambda image: image[:1], tell=notes.append)
    assert [file.path.name for file in kept] == ["b.png"]
    np.testing.assert_array_equal(images[0], pixels[:1])
    assert len(notes) == 1 and "a.png is damaged" in notes[0]


def test_equal_images_share_a_key():
    image = np.arange(12, dtype="uint8").reshape(2, 6, 1)
    assert content_key(image) == content_key(image.copy())
    assert content_key(image) != content_key(image[:, ::-1])
