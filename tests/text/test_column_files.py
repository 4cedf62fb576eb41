"""Column files: what is read, and that every fault is told with its line."""

from __future__ import annotations

import gzip

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.column_files import read_column_file
from keras_rnn_recipes.text.tags import convert_tags, keeps_to

TOY = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O

-DOCSTART- -X- O O
Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER
"""


@pytest.fixture
def written(tmp_path):
    """``written(text)``: the path of a file that holds it."""

    def write(text, name="toy.txt"):
        data = text if isinstance(text, bytes) else text.encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


def test_tokens_tags_and_lines(written):
    expected = [
        (("EU", "rejects"), ("I-ORG", "O"), 3),
        (("Peter", "Blackburn"), ("I-PER", "I-PER"), 7),
    ]
    assert read_column_file(written(TOY), of_spans=True) == expected
    assert read_column_file(written(TOY, "toy.txt.gz")) == expected
    assert read_column_file(str(written(TOY.replace("\n", "\r\n")))) == expected
    assert read_column_file(written("\ufeff\n" + TOY.rstrip("\n")))[0].tokens == ("EU", "rejects")


def test_columns_by_number(written):
    speech = read_column_file(written(TOY), tag_column=1)
    assert [sentence.tags for sentence in speech] == [("NNP", "VBZ"), ("NNP", "NNP")]
    assert read_column_file(written(TOY), token_column=-1, tag_column=0)[0].tags == (
        "EU",
        "rejects",
    )
    alone = read_column_file(written("one\ntwo\n\nthree"), tag_column=None)
    assert alone == [(("one", "two"), (), 1), (("three",), (), 4)]


def test_a_token_may_hold_a_space_between_tabs_and_a_no_break_space_anywhere(written):
    assert read_column_file(written("New York\tB-LOC\nis\tO\n"))[0].tokens == ("New York", "is")
    assert read_column_file(written("10\u00a0000 O\n\u3000 O\n"))[0].tokens == (
        "10\u00a0000",
        "\u3000",
    )


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TOY + "is VBZ O\n", {}, r"Line 9 of toy\.txt has 3 columns\. Expected: 4, as in the"),
        (TOY + "\n\n\nis\n", {}, r"Line 12 of toy\.txt has 1 column\. Expected: 4"),
        (TOY, {"tag_column": 1, "of_spans": True}, r"Line 3 of toy\.txt has the tag 'NNP'"),
        (TOY + "x x x X-PER", {"of_spans": True}, r"Line 9 of toy\.txt has the tag 'X-PER'\. Exp"),
        (TOY, {"tag_column": 4}, r"Line 3 of toy\.txt has 4 columns; there is no column 4\."),
        (TOY, {"token_column": -5}, r"there is no column -5\. Expected: a token column from 0"),
        ("one\ntwo\n", {}, r"both column 0 of toy\.txt, which has 1 \(line 1\)"),
        ("", {}, r"toy\.txt has no sentence"),
        ("\n-DOCSTART- O\n \t\n", {}, r"toy\.txt has no sentence"),
        (b"a O\nb O\n\xe4 O\n", {}, r"Line 3 of toy.*byte 0xe4.*iconv -f LATIN1"),
    ],
)
def test_a_broken_file_is_told_with_its_line(written, text, options, message):
    with pytest.raises(UserError, match=message):
        read_column_file(written(text), **options)


def test_no_file_and_a_folder_are_told(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.txt"):
        with pytest.raises(UserError, match="could not be read"):
            read_column_file(path)


def test_the_published_training_part(krr_data):
    """Counts of the shared task's paper (Tjong Kim Sang and De Meulder 2003, tables 1 and 2)."""
    sentences = read_column_file(krr_data / "text/conll2003/eng.train", of_spans=True)
    assert sum(len(sentence.tokens) for sentence in sentences) + 946 == 204567  # the documents
    tags = [sentence.tags for sentence in sentences]
    assert all(keeps_to(sentence, "IOB1") for sentence in tags)
    assert not all(keeps_to(sentence, "IOB2") for sentence in tags)
    begun = [tag for sentence in tags for tag in convert_tags(sentence, "IOB2") if tag[0] == "B"]
    counts = {kind: begun.count(f"B-{kind}") for kind in ("LOC", "MISC", "ORG", "PER")}
    assert counts == {"LOC": 7140, "MISC": 3438, "ORG": 6321, "PER": 6600}
