"""Sentences for a finished tagger: column files as in training, or raw sentences in lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.tagging import TagDataConfig
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.families.tagging.task import without_spaces
from keras_rnn_recipes.text.column_files import Sentence, read_column_file
from keras_rnn_recipes.text.encoded import Tell, ignore
from keras_rnn_recipes.text.other_formats import refuse_other_text
from keras_rnn_recipes.text.raw_sentences import Token, cut_sentence, cuts_punctuation
from keras_rnn_recipes.text.reading import read_lines
from keras_rnn_recipes.text.tag_forms import find_tag_form
from keras_rnn_recipes.text.tags import to_iob2

_OF_COLUMNS = {".conll", ".conllu", ".conllx", ".iob", ".iob2", ".bio", ".bioes"}


# A full stop directly after a word, which is no tag.
_ENDS_A_SENTENCE = re.compile(r"[^\W\d_][.!?…]['\")\]]*\s*$|[。！？][」』]*\s*$")


def read_new_tokens(
    path: str | Path, data: TagDataConfig, record: Mapping[str, Any], *, tell: Tell = ignore
) -> tuple[list[Sentence], list[list[Token]] | None]:
    """Read the tokens of new sentences.

    A file is a column file if its lines have one number of columns and the last one is a tag that
    training knows; if its lines contain tabs; if the first line names the columns; or by its
    ending, such as ``.conll``. A ``.txt`` file, one whose lines differ in their number of words,
    and one whose lines all end in a full stop after a word have a raw sentence in each line, whose
    punctuation is cut off, see `cuts_punctuation`.

    Args:
        path: of the file.
        data: the section of the tagger's recipe.
        record: the run's vocabulary, from `read_vocabulary`.
        tell: called with each assumption about the file.

    Returns:
        The sentences; and, for raw sentences, the places of their tokens.

    Raises:
        UserError: something in the file that cannot be used, or a file that may be either.
    """
    path = Path(path)
    if path.is_file() and path.stat().st_size == 0:
        return [], None
    lines = read_lines(path, empty=True, encoding=data.encoding, tell=tell)
    if _is_column_file(path, lines, data, record["tags"]):
        rows = read_column_file(
            path,
            token_column=data.token_column,
            tag_column=None,
            tell=tell,
            **data.file_options(),
        )
        return without_spaces(rows), None
    refuse_other_text(path, "\n".join(lines))
    known = set(record["vocabulary"])
    places = [cut_sentence(line, known, lower=data.lower) for line in lines]
    how = "is cut off the words" if cuts_punctuation(known) else "stays with its word, as learned"
    tell(f"{path.name}: a raw sentence in each line; punctuation {how}.")
    rows = [
        Sentence(tuple(token.text for token in row), (), number)
        for number, row in enumerate(places, start=1)
    ]
    return rows, places


def _is_column_file(
    path: Path, lines: Sequence[str], data: TagDataConfig, tags: Sequence[str]
) -> bool:
    suffix = next((one for one in reversed(path.suffixes) if one != ".gz"), "")
    filled = [line for line in lines if line.strip() and not line.startswith("#")]
    if suffix in _OF_COLUMNS or not filled:
        return suffix in _OF_COLUMNS
    if _names_columns(filled[0]) or (data.separator and data.separator in filled[0]):
        return True
    if all("\t" in line or line.startswith("-DOCSTART-") for line in filled):
        return True
    widths = {len(line.split()) for line in filled if not line.startswith("-DOCSTART-")}
    if len(widths) != 1:
        return False
    if _has_known_tags(filled, tags):
        return True
    if suffix == ".txt" or len(filled) == 1 or all(map(_ENDS_A_SENTENCE.search, filled)):
        return False
    if widths == {1}:  # a token in each line
        return True
    raise UserError(
        f"{path.name} may be a column file or hold a raw sentence in each line: all of its lines "
        f"have {counted(widths.pop(), 'word')}.",
        "a column file with tags that training knows, or raw sentences.",
        "name it .txt if it holds raw sentences, or .conll if it is a column file; write standard "
        "input to such a file.",
    )


def _names_columns(line: str) -> bool:
    names = {name.strip(' "').casefold() for name in re.split(r"[,;\t ]", line)}
    return bool(names & {"token", "word", "form"}) and bool(
        names & {"tag", "ner", "label", "pos", "sentence", "ner_tag", "entity"}
    )


def _has_known_tags(lines: Sequence[str], tags: Sequence[str]) -> bool:
    """Whether most of the last columns are tags that training knows."""
    last = [line.split()[-1] for line in lines if len(line.split()) > 1]
    if not last:
        return False
    found = find_tag_form(dict.fromkeys(last, 1)).standard
    known = {to_iob2(tag) for tag in tags} | {"O"}
    return 2 * sum(to_iob2(found[tag]) in known for tag in last) > len(last)
