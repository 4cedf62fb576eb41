"""Load the three parts of a recipe whose examples are sequences of vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.media.catalogue import load_media_parts
from keras_rnn_recipes.media.sequences import LabelledSequences, SequenceParts


def load_sequence_parts(
    data: Any,
    family: str,
    *,
    prepare: Callable[[LabelledSequences], LabelledSequences],
    read: Callable[[Any, list[str]], LabelledSequences],
    hold_out: Callable[..., tuple[LabelledSequences, LabelledSequences]],
    check: Callable[[LabelledSequences, LabelledSequences, str], None],
) -> SequenceParts:
    """Load the training, validation and test part.

    Args:
        data: the recipe's section: ``source``, the name of a data set or what is split; or
            ``train`` and optionally ``valid`` and ``test``. Missing parts are held out from the
            training part, with the shares ``valid_share`` and ``test_share``.
        family: the recipe's.
        prepare: brings the part of a data set into the form of the recipe.
        read: from one source and a list, to which notes are added, to sequences.
        hold_out: from sequences, a share and the ``name`` of the data to the remaining and the
            held-out sequences.
        check: refuses another part than the training part, which is the first argument.

    Raises:
        UserError: no such data set, one of another task, or something that ``read``, ``hold_out``
            or ``check`` refuses.
    """
    notes: list[str] = []
    source = data.source if data.train is None else data.train
    assert source is not None  # the schema checks it
    if data.train is None and not is_file_name(source):
        name = source
        found = {part: prepare(rows) for part, rows in load_media_parts(source, family).items()}
    else:
        given = {"train": source, "valid": data.valid, "test": data.test}
        name = source.replace("\\", "/").rstrip("/").rpartition("/")[2].partition(".")[0]
        found = {part: read(path, notes) for part, path in given.items() if path is not None}
    train = found["train"]
    # The test part first, so that it does not depend on the validation share.
    for part, share in (("test", data.test_share), ("valid", data.valid_share)):
        if part not in found:
            train, found[part] = hold_out(train, share, name=name)
    for part in ("valid", "test"):
        check(train, found[part], part)
    return SequenceParts(name, train, found["valid"], found["test"], tuple(notes))
