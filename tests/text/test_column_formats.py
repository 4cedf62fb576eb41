"""Column files as people have them, each with the sentences that are in it."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.config.tagging import TagDataConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import tagging
from keras_rnn_recipes.families.tagging.new_sentences import read_new_tokens
from keras_rnn_recipes.families.tagging.task import read_new_sentences
from keras_rnn_recipes.text.column_files import Sentence, read_column_file
from keras_rnn_recipes.text.raw_sentences import cut_sentence
from keras_rnn_recipes.text.tag_forms import find_tag_form

CONLLU = (
    "# sent_id = 1\n# text = Peter sees\n"
    "1\tPeter\tPeter\tPROPN\tNNP\t_\t2\tnsubj\t_\t_\n"
    "2-3\tdel\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2\tsees\tsee\tVERB\tVBZ\t_\t0\troot\t_\t_\n"
    "2.1\tsees\tsee\tVERB\tVBZ\t_\t_\t_\t_\t_\n\n"
    "# sent_id = 2\n1\tRome\tRome\tPROPN\tNNP\t_\t0\troot\t_\t_\n"
)
KAGGLE = (
    "Sentence #,Word,POS,Tag\nSentence: 1,Thousands,NNS,O\n,of,IN,O\n,London,NNP,B-geo\n"
    'Sentence: 2,Iranian,JJ,B-gpe\n,",",",",O\n'
)
MULTICONER = (
    "# id 5239 domain=en\nPeter _ _ B-PER\nsees _ _ O\n\n# id 5240 domain=en\n# _ _ O\nRome _ _ O\n"
)


@pytest.mark.parametrize(
    ("name", "content", "tokens", "tags"),
    [
        ("a.conllu", CONLLU, ["Peter sees", "Rome"], ["PROPN VERB", "PROPN"]),
        ("kaggle.csv", KAGGLE, ["Thousands of London", "Iranian ,"], ["O O B-geo", "B-gpe O"]),
        ("m.conll", MULTICONER, ["Peter sees", "# Rome"], ["B-PER O", "O O"]),
        ("hdr.tsv", "token\ttag\nPeter\tB-PER\n\nRome\tO\n", ["Peter", "Rome"], ["B-PER", "O"]),
        ("hdr.txt", "Word NER POS\nPeter B-PER NN\n", ["Peter"], ["B-PER"]),
        ("tt.csv", "token,tag\nA,O\nB,B-x\n\nC,O\n", ["A B", "C"], ["O B-x", "O"]),
        ("no.csv", 'A,O\n",",O\n\nC,O\n', ["A ,", "C"], ["O O", "O"]),
        ("g.tsv", "# http://a\n1\tA\tO\n2\tB\tB-x\n\n1\tC\tO\n", ["A B", "C"], ["O B-x", "O"]),
        ("hash.conll", "#tag O\n# O\nis O\n\n#2 O\n", ["#tag # is", "#2"], ["O O O", "O"]),
        ("r.conll", b"A\tO\r\nB\tO\r\n\r\nC\rD\tO\r\n", ["A B", "C D"], ["O O", "O"]),
    ],
)
def test_sentences_of_each_format(write, name, content, tokens, tags):
    told = []
    found = read_column_file(write(name, content), tell=told.append)
    assert [" ".join(row.tokens) for row in found] == tokens
    assert [" ".join(row.tags) for row in found] == tags


def test_columns_may_be_named_or_separated_by_a_recipe(write):
    path = write("a.txt", "NN;Peter;B-PER\n\nNN;Rome;O\n")
    found = read_column_file(path, separator=";", columns=("pos", "token", "tag"))
    assert [row.tokens for row in found] == [("Peter",), ("Rome",)]
    assert read_column_file(path, separator=";", token_column=1, tag_column=0)[0].tags == ("NN",)
    with pytest.raises(UserError, match="could not be read"):
        read_column_file(write("b.csv", 'A,O\n"B,O\n'))
    latin = write("l.conll", "caf\xe9 O\n".encode("latin-1"))
    assert read_column_file(latin, encoding="latin-1")[0].tokens == ("caf\xe9",)


@pytest.mark.parametrize(
    ("tags", "standard"),
    [
        ("U-PER O B-LOC I-LOC L-LOC", "S-PER O B-LOC I-LOC E-LOC"),
        ("B-NAME M-NAME E-NAME O S-LOC", "B-NAME I-NAME E-NAME O S-LOC"),
        ("B_PER I_PER O", "B-PER I-PER O"),
        ("b-per i-per o", "B-per I-per O"),
        ("PER-B PER-I O", "B-PER I-PER O"),
        ("PERSON PERSON O LOCATION", "I-PERSON I-PERSON O I-LOCATION"),
        ("x O O y O O", "I-x O O I-y O O"),
        ("B I O", "B-SPAN I-SPAN O"),
        ("B M E S", "B-SPAN I-SPAN E-SPAN S-SPAN"),
        ("B-PER I-PER O", "B-PER I-PER O"),
        ("NN VB NN", "NN VB NN"),
        ("N O V N V N", "N O V N V N"),  # O is a pronoun here
        ("I-work_of_art O", "I-work_of_art O"),
    ],
)
def test_tags_of_spans_in_each_spelling(tags, standard):
    counts = {tag: tags.split().count(tag) for tag in tags.split()}
    form = find_tag_form(counts)
    assert " ".join(form.standard[tag] for tag in tags.split()) == standard
    assert (form.note is not None) == (tags != standard)


def test_tags_in_brackets_are_named():
    with pytest.raises(UserError, match="in brackets"):
        find_tag_form({"(PERSON*": 2, "*": 5, "*)": 2})


def spans_file(scheme: str) -> str:
    rows = [
        f"Bob{n} {scheme[0]}\nsees O\nLos {scheme[1]}\nAngeles {scheme[2]}\n" for n in range(40)
    ]
    return "\n".join(rows)


@pytest.mark.parametrize(
    "scheme",
    [
        ("U-PER", "B-LOC", "L-LOC"),
        ("B_PER", "B_LOC", "I_LOC"),
        ("S-PER", "B-LOC", "E-LOC"),
        ("PER", "LOC", "LOC"),
        ("B-PER", "B-LOC", "I-LOC"),
    ],
)
def test_spans_are_learned_alike_in_each_spelling(write, scheme):
    parts = tagging.load(TagDataConfig(train=str(write("a.conll", spans_file(scheme)))))
    assert parts.of_spans and parts.tags == ("B-LOC", "E-LOC", "O", "S-PER")
    assert len(parts.train) + len(parts.valid) + len(parts.test) == 40


def test_equal_sentences_stay_together_and_a_rare_tag_stays_in_training(write):
    same = "Ann B-PER\nsees O\nRome B-LOC\n\n" * 60
    other = "".join(f"Bob{n} B-PER\nsees O\nRome B-LOC\n\n" for n in range(40))
    path = write("dup.conll", same + other + "Expo B-EVENT\n")
    for seed in range(5):
        parts = tagging.load(TagDataConfig(train=str(path)), seed=seed)
        texts = [{row.tokens for row in part} for part in (parts.train, parts.valid, parts.test)]
        assert not texts[0] & texts[2] and not texts[0] & texts[1] and not texts[1] & texts[2]
        assert "S-EVENT" in parts.tags and len(parts.test) == 20
        assert any("60 of 101 sentences occur more than once" in note for note in parts.notes)


def test_new_data_are_judged_in_the_spelling_of_training(write):
    data, tags = TagDataConfig(train="x.conll"), ["B-PER", "E-PER", "I-PER", "O", "S-PER"]
    for content in ("Ann b-per\nLee i-per\nran o\n", "Ann PER\nLee PER\nran O\n"):
        rows, of_spans = read_new_sentences(write("a.conll", content), data, tags)
        assert of_spans and rows[0].tags == ("B-PER", "E-PER", "O")
    with pytest.raises(UserError, match="'today', in the sentence of line 1"):
        read_new_sentences(write("b.conll", "Ann lives today\nBob works now\n"), data, tags)
    with pytest.raises(UserError, match="LANG"):
        read_new_sentences(write("c.conll", "Ann B-PER\nPython I-LANG\n"), data, tags)


RECORD = {"tags": ["B-PER", "I-PER", "O", "S-LOC"], "vocabulary": ["", "lives", ",", ".", "in"]}


@pytest.mark.parametrize(
    ("name", "content", "tokens"),
    [
        ("raw.txt", "Ann is in Rome, now.\n\nYes.\n", ["Ann is in Rome , now .", "", "Yes ."]),
        ("raw.csv", "Peter Black lives in Rome .\n", ["Peter Black lives in Rome ."]),
        ("equal.txt", "Ann is here\nBob is there\n", ["Ann is here", "Bob is there"]),
        ("tagged.txt", "Ann B-PER\nLee I-PER\n\nran O\n", ["Ann Lee", "ran"]),
        ("bilou", "Ann B-PER\nLee L-PER\n\nran O\n", ["Ann Lee", "ran"]),
        ("untagged.conll", "Ann NN\nLee NN\n\nran VB\n", ["Ann Lee", "ran"]),
        ("alone", "Ann\nLee\n\nran\n", ["Ann Lee", "ran"]),
        ("kaggle.csv", KAGGLE, ["Thousands of London", "Iranian ,"]),
        ("u.conllu", CONLLU, ["Peter sees", "Rome"]),
        ("empty.txt", "", []),
    ],
)
def test_new_sentences_are_read_by_what_they_show(write, name, content, tokens):
    rows, places = read_new_tokens(write(name, content), TagDataConfig(train="x.conll"), RECORD)
    assert [" ".join(row.tokens) for row in rows] == tokens
    if places is not None:
        for line, row in zip(content.splitlines(), places, strict=True):
            assert [line[token.start : token.end] for token in row] == [t.text for t in row]


def test_lines_of_equal_length_without_tags_are_asked_about(write):
    for name in ("equal_words", "equal_words.csv"):
        path = write(name, "Ann lives in Rome today\nBob works in Paris now\n")
        with pytest.raises(UserError, match="raw sentence in each line.*name it .txt"):
            read_new_tokens(path, TagDataConfig(train="x.conll"), RECORD)


def test_punctuation_is_cut_off_where_training_has_it_apart():
    known = {",", ".", "mr.", "(", "$"}

    def cut(text, known=known):
        return " ".join(token.text for token in cut_sentence(text, known))

    assert cut("Mr. Lee (55) paid $3.50, in the U.S.") == "Mr. Lee ( 55 ) paid $3.50 , in the U.S."
    assert cut('"Go!" he said...') == '" Go ! " he said . . .'
    assert cut("London, Paris.", {"london,"}) == "London, Paris."
    assert cut("李小明说 ok", {"李", "说"}) == "李 小 明 说 ok"
    assert cut_sentence("", known) == []
    assert Sentence((), (), 1).tokens == ()


def test_a_comma_between_tabs_is_a_token(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(",\tNN\tB-LOC\nRome\tNN\tO\n\nAnn\tNN\tO\n")
    found = read_column_file(path)
    assert [row.tokens for row in found] == [(",", "Rome"), ("Ann",)]
