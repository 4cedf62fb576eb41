"""Random tables and column files in random styles give back their content; broken ones a message.

A file may be refused, seldom, but never read wrong; and whatever the bytes, nothing but `UserError`
comes out.
"""

from __future__ import annotations

import csv
import io

import numpy as np
import profiles
from data.damage import damaged, only_user_errors
from hypothesis import given, strategies as st

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.column_files import read_column_file
from keras_rnn_recipes.text.reading import (
    read_labelled,
    read_lines,
    read_pairs,
    read_parallel,
    read_text,
    read_texts,
)
from keras_rnn_recipes.text.tag_forms import count_tags, find_tag_form
from keras_rnn_recipes.text.tags import spans, tags_of

DRAWS = 2000
WORDS = [
    *("good", "bad", "film", "naïve", "Zürich", "it's", "3.50", "(so)", "well-known", '"quoted"'),
    *(
        "a,b",
        "x;y",
        "#1",
        "@ann",
        "50%",
        "日本",
        "é",
        "O'Neil",
        "U.S.",
        "--",
        "'tis",
        '5"',
        '"half',
    ),
    *("&amp;", "a|b"),
]
LABELS = ("pos", "neg", "neutral", "5", "very good")


def texts_of(random: np.random.Generator, words: list[str], rows: int) -> list[str]:
    return [" ".join(random.choice(words, random.integers(1, 8))) for _ in range(rows)]


def draw_table(random: np.random.Generator, path) -> tuple[list, dict]:
    """Write a table in a random style; return its rows and the options that a user must give."""
    separator = str(random.choice([",", ";", "\t", "|"]))
    encoding = str(
        random.choice(
            ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"], p=[0.65, 0.1, 0.1, 0.05, 0.1]
        )
    )
    words = [w for w in WORDS if encoding != "latin-1" or w.isascii()] + ["déjà"]
    style = str(random.choice(["minimal", "all", "never"]))
    if style == "never":  # such a file cannot hold separators, nor marks where cells begin
        words = [w for w in words if not set(w) & {separator, '"'}]
    elif random.random() < 0.2:
        words.append("two\nlines")
    rows = int(random.integers(2, 12))
    table = {
        "text": texts_of(random, words, rows),
        "label": random.choice(LABELS, rows).tolist(),
        "id": [str(n) for n in range(rows)],
    }
    names = ["text", "label", *(["id"] if random.random() < 0.5 else [])]
    random.shuffle(names)
    header = random.random() < 0.7
    lines = [[table[name][row] for name in names] for row in range(rows)]
    if header and random.random() < 0.1:  # two files that were joined
        lines.insert(int(random.integers(rows)), names)
    file = io.StringIO(newline="")
    end = str(random.choice(["\n", "\r\n"]))
    if header and separator != "\t" and random.random() < 0.1:  # as Excel is told the separator
        file.write(f"sep={separator}{end}")
    if style == "never":
        file.write(
            "".join(separator.join(one) + end for one in [*([names] if header else []), *lines])
        )
    else:
        quoting = csv.QUOTE_ALL if style == "all" else csv.QUOTE_MINIMAL
        writer = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=end)
        writer.writerows([*([names] if header else []), *lines])
    path.write_bytes(file.getvalue().encode(encoding))
    options = {} if header else {"columns": tuple(names)}
    if encoding == "latin-1" and any("déjà" in text for text in table["text"]):
        options["encoding"] = "latin-1"
    return list(zip(table["text"], table["label"], strict=True)), options


def test_random_tables_give_back_their_content(tmp_path):
    refused = wrong = 0
    draws = profiles.num_draws(DRAWS)
    for seed in range(draws):
        random = np.random.default_rng(seed)
        suffix = random.choice([".csv", ".tsv", ".txt"])
        path = tmp_path / f"table{suffix}"
        expected, options = draw_table(random, path)
        try:
            found = read_labelled(path, **options)
        except UserError:
            refused += 1
            continue
        wrong += list(zip(found.texts, found.labels, strict=True)) != expected
    assert wrong == 0
    assert refused <= 0.02 * draws


SCHEMES = ("IOB1", "IOB2", "IOBES", "BILOU", "BMES", "under", "lower", "point", "other")
KINDS = ("PER", "LOC", "ORG")
TOKENS = [
    *("Ann", "Lee", "went", "to", "Rome", ",", ".", "#", "1", "2", "O", "B-PER", "3.5", "日本"),
    *("don't", '"', "(", ")", "New-York", "@x"),
]


def draw_spans(random: np.random.Generator, length: int) -> list:
    found, start = [], 0
    while start < length:
        size = int(random.integers(1, 3))
        if random.random() < 0.4 and start + size <= length:
            found.append((start, start + size, str(random.choice(KINDS))))
            start += size
        else:
            start += 1
    return found


def respelled(tags: list[str], scheme: str) -> list[str]:
    changes = {"BILOU": {"S": "U", "E": "L"}, "BMES": {"I": "M"}, "other": {"O": "OTHER"}}
    changed, joint = changes.get(scheme, {}), {"under": "_", "point": "."}.get(scheme, "-")
    found = []
    for tag in tags:
        prefix, hyphen, kind = tag.partition("-")
        new = changed.get(prefix, prefix) + (joint if hyphen else "") + kind
        found.append(new.lower() if scheme == "lower" else new)
    return found


def draw_column_file(random: np.random.Generator, path) -> list:
    """Write a column file in a random style; return tokens and spans of each sentence."""
    scheme = str(random.choice(SCHEMES))
    base = {"BILOU": "IOBES", "BMES": "IOBES"}.get(scheme, scheme)
    base = base if base in ("IOB1", "IOB2", "IOBES") else "IOB2"
    layout = str(random.choice(["space", "tab", "csv", "numbered", "kaggle"]))
    separator = {"space": " ", "tab": "\t", "numbered": "\t"}.get(layout, ",")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    if layout in ("csv", "kaggle"):
        writer.writerow((["sentence"] if layout == "kaggle" else []) + ["word", "pos", "tag"])
    elif random.random() < 0.3:
        file.write(
            separator.join((["id"] if layout == "numbered" else []) + ["token", "pos", "tag"])
        )
        file.write("\n")
    expected = []
    for number in range(int(random.integers(3, 9))):
        tokens = random.choice(TOKENS, int(random.integers(2, 7))).tolist()
        marked = draw_spans(random, len(tokens))
        tags = respelled(tags_of(marked, len(tokens), base), scheme)
        kind = str.lower if scheme == "lower" else str
        expected.append((tuple(tokens), [(a, b, kind(c)) for a, b, c in marked]))
        if layout == "numbered" and random.random() < 0.5:
            file.write(f"# text = {' '.join(tokens)}\n")
        for place, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
            cells = [token, "NN", tag]
            if layout == "kaggle":
                writer.writerow([f"s{number}" if place == 0 else "", *cells])
            elif layout == "csv":
                writer.writerow(cells)
            else:
                file.write(separator.join([str(place + 1)] * (layout == "numbered") + cells) + "\n")
        if layout != "kaggle":
            file.write("\n")
    end = str(random.choice(["\n", "\r\n"]))
    path.write_bytes(file.getvalue().replace("\n", end).encode())
    return expected


def test_random_column_files_give_back_their_content(tmp_path):
    refused = wrong = 0
    draws = profiles.num_draws(DRAWS)
    for seed in range(draws):
        random = np.random.default_rng(seed)
        path = tmp_path / f"file{random.choice(['.conll', '.txt', '.csv'])}"
        expected = draw_column_file(random, path)
        try:
            rows = read_column_file(path)
            form = find_tag_form(count_tags([row.tags for row in rows]))
            found = [(row.tokens, spans([form.standard[tag] for tag in row.tags])) for row in rows]
        except UserError:
            refused += 1
            continue
        wrong += found != expected
    assert wrong == 0
    assert refused <= 0.02 * draws


READERS = (
    read_labelled,
    read_texts,
    read_pairs,
    read_text,
    read_lines,
    read_column_file,
    lambda path: read_parallel(path, path),
    lambda path: read_labelled(path, columns=("text", "label"), quotes=True),
    lambda path: read_labelled(path, separator="||", encoding="latin-1"),
    lambda path: read_column_file(path, separator=",", tag_column=None),
    lambda path: read_column_file(path, columns=("token", "tag"), encoding="utf-16"),
)
VALID = (
    b'text,label\n"a ""b""",x\nc,y\n',
    b"source\ttarget\na\tb\n",
    b"Bob NNP B-PER\nsings VBZ O\n\nWhy WRB O\n",
    b"# a = b\n1\tPeter\t_\tPROPN\t_\t_\t_\t_\t_\t_\n",
    b"Sentence #,Word,POS,Tag\nSentence: 1,a,NN,O\n,b,NN,B-x\n",
    "text;label\né;ü\n".encode("utf-16"),
    b"sep=;\ntext;label\na;x\nb;y\n",
    b'{"text": "a", "label": "x"}\n[1, 2]\n',
    b"a/NN b/B-X\n__label__x a\n",
)
PIECES = (b'"', b",", b"\t", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"#", b"\\", b" ", b"O")


def read_with_all(path, data):
    path.write_bytes(data)
    for read in READERS:
        with only_user_errors():
            read(path)


@given(st.binary(max_size=80), st.sampled_from([".csv", ".tsv", ".txt", ".gz", ""]))
@profiles.draws(500)
def test_any_bytes_are_read_or_refused(tmp_path_factory, data, suffix):
    read_with_all(tmp_path_factory.getbasetemp() / f"bytes{suffix}", data)


@given(
    st.sampled_from(VALID),
    st.randoms(use_true_random=False),
    st.sampled_from([".csv", ".tsv", ".txt", ".conll"]),
)
@profiles.draws(500)
def test_damaged_files_are_read_or_refused(tmp_path_factory, data, random, suffix):
    path = tmp_path_factory.getbasetemp() / f"damaged{suffix}"
    read_with_all(path, damaged(data, random, PIECES))
