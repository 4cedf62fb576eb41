"""Tables as people have them: what is read is right, what is assumed is told, or all is refused."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.reading import (
    read_labelled,
    read_lines,
    read_pairs,
    read_parallel,
    read_texts,
)

SENTIMENT140 = (
    '"0","1467","Mon Apr 06","NO_QUERY","u1","@you café closed, so sad"\n'
    '"4","1468","Mon Apr 06","NO_QUERY","u2","love it"\n'
)
SIX = ["target", "id", "date", "query", "user", "text"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_sentiment140_without_header_is_read_once_its_columns_are_named(write, encoding):
    path, told = write("s140.csv", SENTIMENT140, encoding), []
    found = read_labelled(
        path, label_col="target", columns=SIX, encoding="latin-1", tell=told.append
    )
    assert found.texts == ("@you café closed, so sad", "love it")
    assert found.labels == ("0", "4")
    # A file that is valid UTF-8 beyond ASCII is not latin-1, whatever the recipe says.
    assert told == (
        ["s140.csv is valid UTF-8 and read as UTF-8, not as latin-1."]
        if encoding == "utf-8"
        else []
    )


def test_the_advice_for_sentiment140_can_be_followed(write):
    path = write("s140.csv", SENTIMENT140, "latin-1")
    with pytest.raises(UserError, match="byte 0xe9.*data.encoding"):
        read_labelled(path)
    with pytest.raises(UserError, match="no column 'text'.*data.columns=column1,column2,"):
        read_labelled(path, encoding="latin-1")
    with pytest.raises(UserError, match="save it as UTF-8") as refused:
        read_labelled(path, adjustable=False)
    assert "data." not in str(refused.value)  # with a finished run no recipe can be changed


@pytest.mark.parametrize(
    ("content", "texts", "told"),
    [
        # As pandas writes it: only the cells that need quotation marks have them.
        ('text\tlabel\n"She said ""no"""\tneg\nfine\tpos\n', ('She said "no"', "fine"), "removed"),
        ('text\tlabel\n"a\tb"\tneg\nfine\tpos\n', ("a\tb", "fine"), "removed"),
        ('"text"\t"label"\n"so"\t"neg"\n"fine"\t"pos"\n', ("so", "fine"), "removed"),
        # Marks that belong to the text.
        ('text\tlabel\n"Jaws"\tneg\nfine\tpos\n', ('"Jaws"', "fine"), "are kept"),
        ('text\tlabel\n"Jaws" and "It"\tneg\nfine\tpos\n', ('"Jaws" and "It"', "fine"), None),
        ('text\tlabel\n5" nails\tneg\n"fine\tpos\n', ('5" nails', '"fine'), None),
    ],
)
def test_quotation_marks_between_tabs(write, content, texts, told):
    notes = []
    found = read_labelled(write("a.tsv", content), tell=notes.append)
    assert (found.texts, found.labels) == (texts, ("neg", "pos"))
    assert [told in note for note in notes] == ([True] if told else [])


def test_quotation_marks_after_a_backslash(write):
    told = []
    path = write("a.csv", 'text,label\n"She said \\"no, no\\"",neg\n"fine",pos\n')
    assert read_labelled(path, tell=told.append).texts == ('She said "no, no"', "fine")
    assert len(told) == 1
    with pytest.raises(UserError, match=r"Line 2 of b.csv could not be read.*data.quotes=false"):
        read_labelled(write("b.csv", 'text,label\n"C:\\new \\"no\\"",neg\n'))


def test_a_table_of_one_column_may_hold_any_separator(write):
    told = []
    path = write("one.csv", "text\nWell, it works\nfine; really\n")
    assert read_texts(path, tell=told.append) == ("Well, it works", "fine; really")
    quoted = write("two.csv", 'text\n"He said ""no"", and left"\nWell, it works\n')
    assert read_texts(quoted) == ('He said "no", and left', "Well, it works")
    with pytest.raises(UserError, match="no column 'label'"):
        read_labelled(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ||| "])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".csv.gz"])
def test_the_separator_is_the_one_that_gives_the_columns(write, separator, suffix):
    rows = [("id", "label", "text"), ("1", "good", "a; b. c"), ("2", "bad", "so, so")]
    if separator in (",", ";"):
        rows = [tuple(f'"{cell}"' for cell in row) for row in rows]
    path = write(f"a{suffix}", "\n".join(separator.join(row) for row in rows))
    given = {"separator": "|||"} if len(separator) > 1 else {}
    found = read_labelled(path, **given)
    assert (found.texts, found.labels) == (("a; b. c", "so, so"), ("good", "bad"))


def test_names_of_columns_in_another_case_are_told(write):
    told = []
    found = read_labelled(write("a.csv", "Text,LABEL\na,b\n"), tell=told.append)
    assert (found.texts, found.labels) == (("a",), ("b",))
    assert told == [
        "a.csv: the column 'Text' is read as 'text'.",
        "a.csv: the column 'LABEL' is read as 'label'.",
    ]
    both = write("b.csv", "Text,text,label\nno,a,b\n")
    assert read_texts(both) == ("a",)


def test_a_header_is_no_row_of_a_file_with_named_columns(write):
    told = []
    path = write("a.csv", "label,text\nx,one\ny,two\n")
    found = read_labelled(path, columns=("number", "text", "label"), tell=told.append)
    assert (found.texts, found.labels) == (("one", "two"), ("x", "y"))
    assert told == ["a.csv: the first line names the columns (label, text)."]


def test_old_line_breaks_marks_of_order_and_carriage_returns_in_cells(write):
    for name, content in (
        ("mac.csv", b"text,label\rone,x\rtwo,y\r"),
        ("windows.csv", b"\xef\xbb\xbftext,label\r\none,x\r\ntwo,y\r\n"),
        ("utf16.csv", "text,label\none,x\ntwo,y\n".encode("utf-16")),
        ("utf32.tsv", "text\tlabel\none\tx\ntwo\ty\n".encode("utf-32")),
    ):
        found = read_labelled(write(name, content))
        assert (found.texts, found.labels) == (("one", "two"), ("x", "y")), name
    inside = write("a.csv", b'text,label\n"a\rb",x\nc\rd,y\n')
    assert read_labelled(inside).texts == ("a\rb", "c\rd")


def test_a_carriage_return_in_a_segment_is_a_space(write):
    de, en, told = write("p.de", b"Guten\rTag\nJa\n"), write("p.en", b"Good day\nYes\n"), []
    pairs = read_parallel(de, en, tell=told.append)
    assert pairs.sources == ("Guten Tag", "Ja") and pairs.targets == ("Good day", "Yes")
    assert told == ["p.de: carriage returns within 1 line are read as spaces."]
    assert read_lines(write("mac.txt", b"a\rb\r")) == ("a", "b")


def test_tatoeba_is_known_by_its_attributions(write):
    rows = [f"Go.\tVa !\tCC-BY 2.0 (France) Attribution: #{n} (x)" for n in range(3)]
    told = []
    found = read_pairs(write("fra.txt", "\n".join(rows) + "\n"), tell=told.append)
    assert found.sources == ("Go.",) * 3 and found.targets == ("Va !",) * 3
    assert "Tatoeba" in told[0]
    named = read_pairs(write("two.txt", "Go.\tVa !\nHi.\tSalut.\n"), columns=("source", "target"))
    assert named.targets == ("Va !", "Salut.")
    other = write("en_fr.csv", "id,en,fr\n1,Go.,Va !\n")
    assert read_pairs(other, source_col="en", target_col="fr").targets == ("Va !",)
    with pytest.raises(UserError, match="no column 'source'.*data.source_col"):
        read_pairs(write("plain.txt", "Go.\tVa !\nHi.\tSalut.\n"))
    with pytest.raises(UserError, match="Line 2 of half.csv has no 'target'"):
        read_pairs(write("half.csv", "source,target\nGo.,\n"))


def test_columns_without_a_name_are_left_out_if_every_row_has_them(write):
    told = []
    path = write("a.tsv", "one\tx\t1\ntwo\ty\t2\n")
    assert read_labelled(path, columns=("text", "label"), tell=told.append).labels == ("x", "y")
    assert told == ["a.tsv: the last 1 column without a name left out."]
    uneven = write("b.tsv", "one\tx\t1\ntwo\ty\n")
    with pytest.raises(UserError, match="Line 1 of b.tsv has 3 cells. Expected: 2, as data"):
        read_labelled(uneven, columns=("text", "label"))


@pytest.mark.parametrize(
    "labels", [("a,b", "a", "b"), ("a|b", "b|c", "c|a"), ("['a']", "['b']"), ("1,2", "1", "2")]
)
def test_several_labels_in_a_cell_are_refused(write, labels):
    path = write("ml.tsv", "text\tlabel\n" + "".join(f"x\t{one}\n" for one in labels))
    with pytest.raises(UserError, match="several labels in one cell"):
        read_labelled(path)


@pytest.mark.parametrize(
    "labels",
    [("Paris, France", "Lyon, France"), ("1,5", "1,0", "5,0"), ("n/a", "yes", "no"), ("a-b", "a")],
)
def test_labels_with_punctuation_are_no_several_labels(write, labels):
    path = write("one.tsv", "text\tlabel\n" + "".join(f"x\t{one}\n" for one in labels))
    assert read_labelled(path).labels == labels


def test_archives_and_unknown_encodings_are_named(write):
    with pytest.raises(UserError, match="zip archive or an Excel workbook"):
        read_labelled(write("a.csv", b"PK\x03\x04rest"))
    for name in ("nonsense", "rot13", "hex", "undefined", "", "a\0b", "idna\udcff"):
        with pytest.raises(UserError, match="no encoding"):
            read_labelled(write("a.csv", "text,label\na,b\n"), encoding=name)
    with pytest.raises(UserError, match="not in the encoding shift_jis"):
        read_labelled(write("a.csv", b"text,label\n\x81,b\n"), encoding="shift_jis")


def test_rows_without_content_are_counted(write):
    told = []
    read_labelled(write("a.csv", "text,label\na,b\n,\n\n , \n"), tell=told.append)
    assert told == ["a.csv: 2 rows without any content left out."]
    assert read_texts(write("none.csv", "text,label\n")) == ()
