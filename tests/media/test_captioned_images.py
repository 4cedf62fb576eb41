"""Batches of images and captions: which captions, in which order, how they are padded."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.media.captioned_images import CaptionedImages, caption_batches

IDS = [
    [np.array([2, 10, 3])],
    [np.array([2, 11, 12, 13, 3]), np.array([2, 14, 3])],
    [np.array([2, 15, 16, 3])],
    [np.array([2, 17, 3]), np.array([2, 18, 3]), np.array([2, 19, 3])],
]
IMAGES = np.arange(4, dtype="uint8").reshape(4, 1, 1, 1)


def taken(**options):
    """The rows of an epoch: the number of the image and its caption, put together again."""
    rows = []
    for given, following in caption_batches(IMAGES, IDS, **options):
        target, following = given["target"].numpy(), following.numpy()
        assert target.shape == following.shape and (target[:, 0] == 2).all()
        for image, before, after in zip(given["image"].numpy(), target, following, strict=True):
            length = int((after != 0).sum())
            assert (before[length:] == 0).all() and (after[length:] == 0).all()
            np.testing.assert_array_equal(before[1:length], after[: length - 1])
            rows.append((int(image[0, 0, 0]), (2, *after[:length].tolist())))
    return rows


def test_an_epoch_shows_each_image_once_with_one_of_its_captions():
    for epoch in range(5):
        rows = taken(batch_size=3, seed=1, first_epoch=epoch)
        assert sorted(number for number, _ in rows) == [0, 1, 2, 3]
        for number, caption in rows:
            assert caption in [tuple(one.tolist()) for one in IDS[number]]


def test_all_captions_have_their_turn_and_epochs_can_be_repeated():
    epochs = [taken(batch_size=2, seed=1, first_epoch=epoch) for epoch in range(40)]
    assert {caption for rows in epochs for _, caption in rows} == {
        tuple(one.tolist()) for several in IDS for one in several
    }
    assert len({tuple(number for number, _ in rows) for rows in epochs}) > 5
    assert taken(batch_size=2, seed=1, first_epoch=7) == epochs[7]
    endless = iter(caption_batches(IMAGES, IDS, batch_size=4, seed=1, repeat=True))
    batches = [next(endless) for _ in range(8)]
    found = [int(one[0, 0, 0]) for one in batches[7][0]["image"].numpy()]
    assert found == [number for number, _ in epochs[7]]


def test_validation_has_the_first_captions_in_order():
    rows = taken(shuffle=False)
    assert rows == [(number, tuple(several[0].tolist())) for number, several in enumerate(IDS)]


@pytest.mark.parametrize("ids", [IDS[:3], [*IDS[:3], []]])
def test_images_without_captions_are_refused(ids):
    with pytest.raises(ValueError, match="each image needs a caption"):
        caption_batches(IMAGES, ids)


def test_rows_keep_captions_with_their_images():
    part = CaptionedImages(IMAGES, (("a",), ("b", "c"), ("d",), ("e",)), tuple("wxyz"))
    some = part.rows([3, 1])
    assert some.names == ("z", "x") and some.texts() == ["e", "b", "c"]
    assert some.images.ravel().tolist() == [3, 1] and len(set(part.keys())) == 4
