"""Files that other programs write: read with the right content, or refused by the format's name."""

from __future__ import annotations

import csv
import subprocess

import pytest

from keras_rnn_recipes.config.encoder_decoder import PairDataConfig
from keras_rnn_recipes.config.tagging import TagDataConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.encoder_decoder.task import load as load_pairs
from keras_rnn_recipes.families.tagging.new_sentences import read_new_tokens
from keras_rnn_recipes.families.tagging.task import load, read_new_sentences
from keras_rnn_recipes.text.column_files import read_column_file
from keras_rnn_recipes.text.raw_sentences import cut_sentence, cuts_punctuation
from keras_rnn_recipes.text.reading import (
    known_labels,
    read_labelled,
    read_pairs,
    read_parallel,
    read_texts,
)
from keras_rnn_recipes.text.row_counts import contradiction_notes, repeated_notes
from keras_rnn_recipes.text.tag_forms import find_tag_form
from keras_rnn_recipes.text.tags import spans
from keras_rnn_recipes.text.vocabulary import SPECIALS

TWO = [("good, so", "pos"), ("bad", "neg")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("sep=;\r\ntext;label\r\ngood, so;pos\r\nbad;neg\r\n", "names the separator, ';'"),
        ("text;label\r\ngood, so;pos\r\nbad;neg\r\n".encode("utf-16-le"), "read as UTF-16-LE"),
        ("text\tlabel\r\ngood, so\tpos\r\nbad\tneg\r\n".encode("utf-16-be"), "read as UTF-16-BE"),
        ('text,label\n"good, so",pos,\nbad,neg,\n', "the last 1 column without a name"),
        ('text,label\n"good, so",pos\nText,Label\nbad,neg\n', "1 repeated header line left out"),
        ('text, label\n"good, so", pos\n"bad", neg\n', None),
        ('label, text\npos, "good, so"\nneg, "bad"\n', None),
        ("text ||| label\ngood, so ||| pos\nbad ||| neg\n", None),
        ('text,label\n"good, so",\u200bpos \nbad,neg\u00a0\n', None),
    ],
)
def test_tables_of_other_programs(write, content, told):
    notes = []
    found = read_labelled(write("a.csv", content), tell=notes.append)
    assert list(zip(found.texts, found.labels, strict=True)) == TWO
    assert [told in note for note in notes] == ([True] if told else [])


def test_cp1252_is_not_read_as_latin_1(write):
    content, told = "text,label\n“Café”,pos\nn’est,neg\n".encode("cp1252"), []
    found = read_labelled(write("a.csv", content), encoding="latin-1", tell=told.append)
    assert found.texts == ("“Café”", "n’est") and "read as cp1252" in told[0]
    latin = write("b.csv", "text,label\ncafé,pos\nthé,neg\n".encode("latin-1"))
    told.clear()
    assert read_labelled(latin, encoding="latin-1", tell=told.append).texts == ("café", "thé")
    assert told == []


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('{"text": "good, so", "label": "pos"}\n{"text": "bad", "label": "neg"}\n', "JSON"),
        ('[{"text": "good", "label": "pos"}]', "JSON"),
        ('[\n  {"text": "good",\n   "label": "pos"}\n]\n', "JSON"),
        ('{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n', "JSON"),
        ('<?xml version="1.0"?>\n<tmx version="1.4"></tmx>\n', "XML or HTML"),
        ("| text | label |\n|------|-------|\n| good | pos |\n", "a Markdown table"),
        ("__label__pos good film\n__label__neg bad film\n", "labels of fastText"),
        (b"PAR1rest", "a Parquet file"),
        (b"ARROW1rest", "a Feather file"),
        (b"\xd0\xcf\x11\xe0rest", "an Excel file of the old kind"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8brest", "gzipped"),
        (b"SQLite format 3", "an SQLite database"),
    ],
)
def test_other_formats_are_refused_by_their_name(write, content, name):
    path = write("a.txt", content)
    for read in (read_labelled, read_texts, read_pairs, read_column_file):
        with pytest.raises(UserError, match=name) as refused:
            read(path)
        assert len(refused.value.fix) > 10


def test_json_is_converted_by_the_command_that_is_advised(write, tmp_path):
    path = write("a.jsonl", '{"text": "good, so", "label": "pos"}\n{"text": "bad", "label": "neg"}')
    with pytest.raises(UserError) as refused:
        read_labelled(path)
    code = str(refused.value.fix).split('python -c "')[1].rsplit('"', 1)[0]
    exec(code.replace("'a.", f"'{tmp_path}/a."))
    found = read_labelled(tmp_path / "a.csv")
    assert list(zip(found.texts, found.labels, strict=True)) == TWO


def test_tokens_joined_with_tags_are_converted_by_the_command_that_is_advised(write, tmp_path):
    path = write("a.txt", "Bob/B-PER left/O 1/2/O\nAnn/B-PER is/O here/O\n")
    with pytest.raises(UserError, match="joined by a slash") as refused:
        read_column_file(path)
    command = refused.value.fix.partition(": ")[2].rstrip(".")
    written = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=True)
    rows = read_column_file(write("b.txt", written.stdout))
    assert [row[:2] for row in rows] == [
        (("Bob", "left", "1/2"), ("B-PER", "O", "O")),
        (("Ann", "is", "here"), ("B-PER", "O", "O")),
    ]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (("Pos", "pos", "neg"), ["'Pos' and 'pos'"]),
        (("5", "5.0", "1"), ["'5' and '5.0'"]),
        (("True", "False", "false"), ["'False' and 'false'"]),
        (("1", "10", "0.1", "4"), []),
        (("very  good", "very good", "bad"), []),
    ],
)
def test_labels_that_are_probably_the_same_are_told(write, labels, told):
    path, notes = write("a.tsv", "text\tlabel\n" + "".join(f"x\t{one}\n" for one in labels)), []
    found = read_labelled(path, tell=notes.append).labels
    assert found == tuple(" ".join(one.split()) for one in labels)
    assert [any(part in note for note in notes) for part in told] == [True] * len(told)
    assert len(notes) == len(told)


@pytest.mark.parametrize("label", ["", " ", "\u200b", "\ufeff \u00a0"])
def test_labels_without_a_visible_character_are_no_labels(write, label):
    with pytest.raises(UserError, match=r"Line 3 of a.csv has no 'label'\."):
        read_labelled(write("a.csv", f"text,label\na,pos\nb,{label}\n"))


@pytest.mark.parametrize("sign", ["NaN", "nan", "<NA>", "#N/A", "NULL"])
def test_signs_of_missing_labels_are_no_classes(write, sign):
    with pytest.raises(UserError, match=rf"Line 3 of a.csv has no 'label' but '{sign}'"):
        read_labelled(write("a.csv", f"text,label\na,pos\nb,{sign}\n"))


def test_new_labels_in_the_form_of_training():
    told = []
    assert known_labels(("4.0", "0", "7"), ("0", "4"), tell=told.append) == ("4", "0", "7")
    assert told == ["The label '4.0' is read as '4'."]
    assert known_labels(("pos",), ("Pos", "POS")) == ("pos",)  # either may be meant
    assert known_labels(("Pos", "pos"), ("Pos", "pos")) == ("Pos", "pos")


def test_empty_texts_and_contradictions_are_told(write):
    told = []
    read_labelled(write("a.csv", "text,label\n,pos\nx,neg\n"), tell=told.append)
    assert told == ["a.csv: 1 text of 2 without any characters."]
    assert contradiction_notes(["a", "b", "a", "a"], ["x", "x", "y", "x"], "text") == [
        "1 text occurs with different labels, such as 'a': x, y."
    ]
    assert contradiction_notes(["a", "b", "a"], ["x", "y", "x"], "text") == []
    assert repeated_notes(["a", "a"], "sentence", together=False) == [
        "2 of 2 sentences occur more than once."
    ]


def test_new_texts_from_lines(write):
    told = []
    lines = write("a.txt", "A good film, really.\n\nA bad film; so.\n")
    assert read_texts(lines, tell=told.append) == (
        "A good film, really.",
        "",
        "A bad film; so.",
    )
    assert told == ["a.txt: a text in each line."]
    assert read_texts(write("standard input", "One film\n")) == ("One film",)
    assert read_texts(write("b.txt", "label,text\nx,good\n")) == ("good",)
    named = {"text_col": "column2", "columns": ("column1", "column2")}
    assert read_texts(write("c.txt", "One film\nAnother, too\n"), **named) == (
        "One film",
        "Another, too",
    )
    assert read_texts(write("c.txt", "x\tgood\n"), **named) == ("good",)
    for rows in ("1,good\n2,bad\n", "good\tpos\n", "id;review\n1;good\n"):
        with pytest.raises(UserError, match="no column 'text'"):
            read_texts(write("c.txt", rows))


def test_advice_on_columns_fits_the_file(write):
    with pytest.raises(UserError, match=r"data.columns=text,label\."):
        read_labelled(write("a.csv", "so good,pos\nbad,neg\n"))
    with pytest.raises(UserError, match="no column 'label'") as refused:
        read_labelled(write("b.csv", "text,sentiment\nso good,pos\n"))
    assert "data.columns" not in str(refused.value)  # the first line is a header


def test_pairs_are_one_table_or_two_files():
    assert PairDataConfig(train="a.de,a.en").train == ("a.de", "a.en")
    assert PairDataConfig(train=["a.de", "a.en"]).train == ("a.de", "a.en")
    assert PairDataConfig(train="pairs.tsv", test="t.tsv").test == "t.tsv"


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (("B.PER", "I.PER", "O", "B.LOC"), [(0, 2, "PER"), (3, 4, "LOC")]),
        (("B:PER", "I:PER", "O", "B:PER"), [(0, 2, "PER"), (3, 4, "PER")]),
        (("B-PER", "I-PER", "OTHER", "OTHER", "OTHER"), [(0, 2, "PER")]),
        (("B-PER", "0", "0"), [(0, 1, "PER")]),
        (("PERSON", "PERSON", "0", "0", "0"), [(0, 2, "PERSON")]),
        (("S-PER", "O", "B-LOC", "I-LOC", "O", "B-PER", "E-PER"), [(0, 1, "PER"), (2, 4, "LOC"),
                                                                    (5, 7, "PER")]),
    ],
)  # fmt: skip
def test_spellings_of_spans(tags, found):
    form = find_tag_form({tag: tags.count(tag) for tag in tags})
    assert spans([form.standard[tag] for tag in tags]) == found
    assert (form.note is None) == all(form.standard[tag] == tag for tag in tags)


@pytest.mark.parametrize(
    "tags",
    [("NNP", "VB", "I-dunno"), ("_", "_", "SpaceAfter=No"), ("X.Y", "NN", "."), ("0", "1", "0")],
)
def test_tags_of_single_tokens_stay_as_they_are(tags):
    form = find_tag_form({tag: tags.count(tag) for tag in tags})
    assert [form.standard[tag] for tag in tags] == list(tags)
    assert ("numbers" in (form.note or "")) == (tags[0] == "0")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("EU NN B-NP B-ORG\nso X O O\n\nUN NN B-NP B-ORG\n", "column 2 has tags of spans too"),
        ("1\tBonn\tB-LOC\tO\n2\tist\tO\tO\n", "column 2 has tags of spans too"),
        ("Wort Klasse\nBob B-PER\nis O\nAnn B-PER\n", "'Klasse', which occurs only there"),
        ("New York\tB-LOC\nis\tO\nRio\tB-LOC\n", "1 token with spaces, such as 'New York'"),
        ("token tag\nBob O\n\ntoken tag\nAnn O\n", "1 repeated header line left out"),
        ("Bob B-PER\nis O\nAnn B-PER\n", None),
        ("the DT\ncat NN\na DT\n", None),
    ],
)
def test_what_is_open_in_a_column_file_is_told(write, content, told):
    notes = []
    read_column_file(write("a.txt", content), tell=notes.append)
    assert (told is None) == (notes == [])
    assert told is None or told in notes[-1]


def test_a_word_for_no_tag_is_no_span_of_its_own():
    assert find_tag_form({"B-PER": 1, "OTHER": 2}).standard["OTHER"] == "O"
    assert find_tag_form({"B-PER": 3, "OTHER": 2}).standard["OTHER"] == "O"
    # Without prefixes, it may be a type.
    assert find_tag_form({"PERSON": 3, "OTHER": 2}).standard["OTHER"] == "OTHER"
    assert find_tag_form({"PERSON": 2, "OTHER": 3}).standard["OTHER"] == "O"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({*SPECIALS, "ann", "rome", "."}, ["Rome", ",", "Ann", "."]),
        ({*SPECIALS, "ann", "rome"}, ["Rome", ",", "Ann", "."]),
        ({*SPECIALS, "ann.", "rome", "paris,"}, ["Rome,", "Ann."]),
    ],
)
def test_punctuation_is_cut_as_the_tagger_learned_it(known, expected):
    assert [token.text for token in cut_sentence("Rome, Ann.", known)] == expected
    assert cuts_punctuation(known) == ("," in expected)


RECORD = {"vocabulary": [*SPECIALS, "ann"], "tags": ["O", "B-PER"]}


@pytest.mark.parametrize(
    ("name", "content", "sentences"),
    [
        ("standard input", "Ann sees Rome.\nBob is here!\n", 2),  # no tag ends in a full stop
        ("a", "彼は来た。\n彼は見た。\n", 2),
        ("a", "Ann O\nsees O\n\nBob O\n", 2),  # the last column is a known tag
        ("a.csv", "word,tag\nAnn,O\nsees,O\n", 1),
    ],
)
def test_new_sentences_in_lines_or_columns(write, name, content, sentences):
    rows, _ = read_new_tokens(write(name, content), TagDataConfig(train="x.conll"), RECORD)
    assert len(rows) == sentences


def test_new_sentences_in_other_formats_are_refused(write):
    path = write("a.jsonl", '{"tokens": ["Ann"]}\n{"tokens": ["is", "here"]}\n')
    with pytest.raises(UserError, match="JSON"):
        read_new_tokens(path, TagDataConfig(train="x.conll"), RECORD)
    with pytest.raises(UserError, match="write standard input to such a file"):
        read_new_tokens(write("a", "Ann lives\nBob sees\n"), TagDataConfig(train="x"), RECORD)


def test_new_tags_keep_their_names_in_messages_and_are_told(write):
    told, data, tags = [], TagDataConfig(train="x.conll"), ("O", "S-PER")
    rows, _ = read_new_sentences(
        write("a.txt", "Ann b-per\nsees o\n"), data, tags, tell=told.append
    )
    assert rows[0].tags == ("S-PER", "O")
    assert told == ["Tags of spans: b-per is read as B-PER, others likewise."]
    with pytest.raises(UserError, match="has the tag 'B-ORG'"):
        read_new_sentences(write("b.txt", "Ann B-ORG\nsees O\n"), data, tags)


def test_blank_lines_of_parallel_files(write):
    told, de = [], write("a.de", "eins\n\nzwei\n\n\n")
    pairs = read_parallel(de, write("a.en", "one\n \ntwo\n"), tell=told.append)
    assert pairs.sources == ("eins", "zwei") and pairs.targets == ("one", "two")
    assert told == ["a.de and a.en: 1 line without text in both left out."]
    with pytest.raises(UserError, match="a.de has 5 lines and c.en has 1"):
        read_parallel(de, write("c.en", "one\n"))


def test_tags_that_teach_nothing_are_refused_and_similar_types_told(write):
    only = write("o.conll", "Ann O\nsees O\n\n" * 30)
    with pytest.raises(UserError, match="Every token of the training part of o has the tag 'O'"):
        load(TagDataConfig(train=str(only)))
    mixed = write("m.conll", "".join(f"Ann{n} B-PER\nLee I-PER\nRio B-per\n\n" for n in range(30)))
    assert "m: 'PER' and 'per' are different classes; they differ only in case or form." in (
        load(TagDataConfig(train=str(mixed))).notes
    )


def test_notes_on_equal_sentences_are_true(write):
    """Copies of few sentences may be in several parts, so that nothing is said of one part."""
    few = load(TagDataConfig(train=str(write("f.conll", "Ann B-PER\nsees O\n\n" * 30))))
    assert few.notes[0] == "30 of 30 sentences occur more than once."
    many = "".join(f"Ann{n // 2} B-PER\nsees O\n\n" for n in range(80))
    parts = load(TagDataConfig(train=str(write("m.conll", many))))
    assert parts.notes == ("80 of 80 sentences occur more than once; equal ones stay in one part.",)


def test_sources_that_are_their_targets_are_told(write):
    same = write("a.tsv", "source\ttarget\n" + "".join(f"x {n}\tx {n}\n" for n in range(40)))
    assert load_pairs(PairDataConfig(train=str(same))).notes == (
        "Sources and targets are the same in every pair.",
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "gbk"])
def test_an_encoding_that_is_given_is_read(write, encoding):
    path = write("a.csv", "text,label\n日本,x\nb,y\n".encode(encoding))
    assert read_labelled(path, encoding=encoding).texts == ("日本", "b")


def test_long_cells_leave_the_limit_of_the_csv_module_alone(write):
    before, text = csv.field_size_limit(), "x" * 200_000
    found = read_labelled(write("a.csv", f'text,label\n"{text}",x\n"b, c",y\n'))
    assert found.texts == (text, "b, c") and csv.field_size_limit() == before


def test_tags_in_other_places_are_refused(write):
    whole = "Sentence #,Sentence,POS,Tag\n" + "s,Ann is,\"['N', 'V']\",\"['O', 'O']\"\n" * 2
    with pytest.raises(UserError, match="a list of tags in one cell"):
        read_column_file(write("ner.csv", whole))
    first = write("a.txt", "B-PER Ann\nO is\n")
    with pytest.raises(UserError, match="data.token_column=1 and data.tag_column=0"):
        read_column_file(first)
    assert read_column_file(first, token_column=1, tag_column=0)[0].tokens == ("Ann", "is")
    # Brackets and lists may be tokens, and O is a word.
    tokens = write("b.txt", "O UH\n[ -LRB-\n['a'] NN\n")
    assert read_column_file(tokens)[0].tokens == ("O", "[", "['a']")


def test_files_that_were_joined_have_marks_of_order_within(write):
    joined = "\ufeffAnn B-PER\n\n\ufeffBob B-PER\n"
    rows = read_column_file(write("a.txt", joined))
    assert [row.tokens for row in rows] == [("Ann",), ("Bob",)]
