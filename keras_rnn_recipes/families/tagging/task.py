"""The steps that the script of tagging calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from keras_rnn_recipes.config.tagging import TagDataConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.entities import entity_scores, token_accuracy
from keras_rnn_recipes.evaluation.tagging_baselines import (
    Tagger,
    linear_tagger,
    most_frequent_tag,
)
from keras_rnn_recipes.families.text_parts import (
    add_vectors as add_vectors,
    is_split_here,
    load_parts,
    read_embeddings as read_embeddings,
)
from keras_rnn_recipes.families.text_start import (
    start_from_language_model as start_from_language_model,
)
from keras_rnn_recipes.layers.crf import crf_loss
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.serving.vocabulary import vocabulary_record as vocabulary_record
from keras_rnn_recipes.text.column_files import Sentence, read_column_file
from keras_rnn_recipes.text.encoded import Tell, ignore
from keras_rnn_recipes.text.holding_out import draw_held_out
from keras_rnn_recipes.text.reading import similar_label_notes
from keras_rnn_recipes.text.row_counts import overlap_notes, repeated_notes
from keras_rnn_recipes.text.tag_forms import count_tags, find_tag_form
from keras_rnn_recipes.text.tags import (
    OUTSIDE,
    allowed_transitions,
    convert_tags,
    is_of_span,
    most_mark_spans,
    spans,
    split_tag,
    to_iob2,
)
from keras_rnn_recipes.text.tokenizer import Tokenizer, fit_tokenizer
from keras_rnn_recipes.training.token_loss import token_loss


@dataclass(frozen=True)
class TaggedParts:
    """Tagged sentences in three parts, and what their tags are.

    Attributes:
        name: of the data set, or of the file.
        train, valid, test: the sentences; tags of spans in the training scheme.
        tags: all tags of the training part, sorted.
        of_spans: whether the tags mark spans, such as names, or each token for itself.
        scheme: of tags of spans.
        notes: what was assumed while reading, and which sentences occur more than once.
    """

    name: str
    train: list[Sentence]
    valid: list[Sentence]
    test: list[Sentence]
    tags: tuple[str, ...]
    of_spans: bool
    scheme: str
    notes: tuple[str, ...] = ()

    @property
    def allowed(self) -> np.ndarray | None:
        """Which tag may follow which, for the `CRF`; None where any may."""
        return allowed_transitions(self.tags, self.scheme) if self.of_spans else None


def load(data: TagDataConfig, *, seed: int = 0) -> TaggedParts:
    """Read the sentences of a tagging recipe, in three parts.

    Args:
        data: the recipe's section: the name of a data set, one column file, or one for each part.
            Parts that are not there are cut from the training part.
        seed: of which sentences are held out.

    Raises:
        UserError: no such data set or one of another task, something in a file that cannot be used,
            or a tag in a held-out part that training has not seen.

    Example:
        >>> parts = load(TagDataConfig(source="people_places"))
        >>> len(parts.train), parts.of_spans, parts.tags[:2]
        (1500, True, ('B-LOC', 'B-PER'))
    """
    notes: list[str] = []
    found = load_parts(
        data,
        "tagging",
        read=partial(_read, data=data, tell=notes.append),
        hold_out=partial(_hold_out, seed=seed),
        seed=seed,
    )
    parts = [_sentences(part, data) for part in (found.train, found.valid, found.test)]
    form = find_tag_form(count_tags([row.tags for part in parts for row in part]))
    parts = [[_standard(row, form.standard) for row in part] for part in parts]
    notes += [form.note] if form.note else []
    of_spans = _mark_spans(parts)
    if of_spans:
        parts = [[_converted(row, data.scheme) for row in part] for part in parts]
    tags = tuple(sorted({tag for row in parts[0] for tag in row.tags}))
    _check_tags(tags, found.name)
    kinds = sorted({split_tag(tag)[1] for tag in tags} if of_spans else tags)
    notes += similar_label_notes(kinds, found.name)
    for part, rows in zip(("validation", "test"), parts[1:], strict=True):
        _check_seen(rows, tags, f"The {part} part", of_spans=of_spans)
    train, valid, test = parts
    texts = [[" ".join(row.tokens) for row in part] for part in parts]
    if is_split_here(data):
        every = [text for part in texts for text in part]
        notes += repeated_notes(every, "sentence", together=len(set(every)) >= _FEW)
    notes += overlap_notes(texts[0], {"validation": texts[1], "test": texts[2]}, "sentence")
    told = tuple(dict.fromkeys(notes))
    return TaggedParts(found.name, train, valid, test, tags, of_spans, data.scheme, told)


def read_new_sentences(
    path: str | Path, data: TagDataConfig, tags: Sequence[str], *, tell: Tell = ignore
) -> tuple[list[Sentence], bool]:
    """Read a column file with tags, to judge a tagger by it.

    Args:
        path: of the file.
        data: the section of the tagger's recipe.
        tags: those that it knows.
        tell: called with each assumption about the file.

    Returns:
        The sentences, and whether the tags mark spans.

    Raises:
        UserError: something in the file that cannot be used, or a tag that training has not seen.
    """
    rows = _read(path, data, tell=tell)
    of_spans = all(is_of_span(tag) for tag in tags)
    if of_spans:
        standard = _known_spelling(count_tags([row.tags for row in rows]), tags)
        changed = next((tag for tag, other in standard.items() if tag != other), None)
        if changed is not None:
            tell(f"Tags of spans: {changed} is read as {standard[changed]}, others likewise.")
        rows = [_standard(row, standard) for row in rows]
        _check_spans(rows, Path(path).name)
    _check_seen(rows, tags, Path(path).name, of_spans=of_spans)
    return ([_converted(row, data.scheme) for row in rows] if of_spans else rows), of_spans


def fit_tokenizers(
    sentences: Sequence[Sentence], data: TagDataConfig
) -> tuple[Tokenizer, Tokenizer]:
    """Tokenizers of the words of training sentences, and of the characters of these.

    Args:
        sentences: the training part.
        data: the recipe's section.

    Returns:
        That of texts to words, and that of words to characters, which knows those that occur at
        least three times.
    """
    words, spelling = data.preparations()
    texts = [" ".join(row.tokens) for row in sentences]
    return (
        fit_tokenizer(texts, words, min_count=data.min_count),
        fit_tokenizer([token for row in sentences for token in row.tokens], spelling, min_count=3),
    )


def columns(
    sentences: Sequence[Sentence], words: Tokenizer, spelling: Tokenizer | None, tags: Sequence[str]
) -> tuple[Any, list[np.ndarray]]:
    """The inputs and targets of a tagger, for `bucketed_batches`.

    Args:
        sentences: some part.
        words, spelling: from `fit_tokenizers`; without spelling, words are the only input.
        tags: the tags of training.

    Returns:
        ``tokens`` and ``characters`` by name, a list each with an array for each sentence, (time,)
        and (time, longest word), or the list of the tokens alone; and the numbers of the tags. A
        tag that training has not seen, such as the end of a span of a type that had single words
        only, is watched as outside of any.
    """
    numbers = {tag: number for number, tag in enumerate(tags)}
    other = numbers.get(OUTSIDE, 0)
    targets = [np.array([numbers.get(t, other) for t in row.tags], "int32") for row in sentences]
    tokens = words.encode([" ".join(row.tokens) for row in sentences])
    if spelling is None:
        return tokens, targets
    flat = spelling.encode([token for row in sentences for token in row.tokens])
    table = np.zeros((len(flat), max(map(len, flat))), "int32")
    for number, ids in enumerate(flat):
        table[number, : len(ids)] = ids
    ends = np.cumsum([len(row.tokens) for row in sentences])
    return {"tokens": tokens, "characters": np.split(table, ends[:-1])}, targets


def without_spaces(sentences: Sequence[Sentence]) -> list[Sentence]:
    """No token with white space in it: a served text is cut at white space.

    Example:
        >>> without_spaces([Sentence(("New York", "sleeps"), (), 1)])[0].tokens
        ('New_York', 'sleeps')
    """
    return [
        Sentence(tuple("_".join(token.split()) or "_" for token in row.tokens), row.tags, row.line)
        for row in sentences
    ]


def _sentences(part: Any, data: TagDataConfig) -> list[Sentence]:
    """A part as it is, or read from its file, as the parts of data sets are given."""
    return part if isinstance(part, list) else _read(part, data)


def _read(path: str | Path, data: TagDataConfig, *, tell: Tell = ignore) -> list[Sentence]:
    rows = read_column_file(
        path,
        token_column=data.token_column,
        tag_column=data.tag_column,
        tell=tell,
        **data.file_options(),
    )
    return without_spaces(rows)


def _standard(row: Sentence, standard: Mapping[str, str]) -> Sentence:
    return Sentence(row.tokens, tuple(standard[tag] for tag in row.tags), row.line)


def _check_tags(tags: Sequence[str], name: str) -> None:
    """Refuse a training part with a single tag, from which nothing can be learned."""
    if len(tags) < 2:
        raise UserError(
            f"Every token of the training part of {name} has the tag {tags[0]!r}.",
            "at least two different tags.",
            "give sentences with other tags, or name another column with data.tag_column.",
        )


def _known_spelling(counts: Mapping[str, int], tags: Sequence[str]) -> dict[str, str]:
    """Standard tags of new data, with the types in the case that training knows."""
    kinds = {split_tag(tag)[1] for tag in tags}
    by_case = {kind.casefold(): kind for kind in kinds}
    found = dict(find_tag_form(counts).standard)
    for tag, standard in found.items():
        if not is_of_span(standard) and standard.casefold() in by_case:
            found[tag] = f"I-{by_case[standard.casefold()]}"
        elif is_of_span(standard) and split_tag(standard)[1] not in kinds:
            prefix, kind = split_tag(standard)
            found[tag] = f"{prefix}-{by_case.get(kind.casefold(), kind)}"
    return found


def _check_spans(rows: list[Sentence], where: str) -> None:
    """Refuse a tag that marks no span, in new data of a tagger of spans."""
    for row in rows:
        for tag in row.tags:
            if not is_of_span(tag):
                raise UserError(
                    f"{where} has the tag {tag!r}, in the sentence of line {row.line}, which marks "
                    "no span.",
                    "a column file with tags such as those of training: O, B-PER, I-PER.",
                    "correct it, or name another column with data.tag_column.",
                )


def _hold_out(
    rows: list[Sentence], share: float, *, seed: int
) -> tuple[list[Sentence], list[Sentence]]:
    """Equal sentences stay together, every tag stays in training, rare tags are held out too."""
    counts = Counter(tag for row in rows for tag in set(row.tags))
    rarest = [min(set(row.tags), key=lambda tag: (counts[tag], tag), default="") for row in rows]
    labels = [set(row.tags) for row in rows]
    keys: list[Hashable] = [row.tokens for row in rows]
    if len(set(keys)) < _FEW:  # parts without a common sentence would be too unlike
        keys = list(range(len(rows)))
    drawn = draw_held_out(keys, labels, rarest, share, seed=seed)
    held = set(np.flatnonzero(drawn).tolist())
    if not held or round(share * len(rows)) < 1:
        raise UserError(
            f"Sentences: {len(rows)}, too few to hold out a share of {share}.",
            "some for training and some to judge by.",
            "give more sentences, with a blank line after each, or files for data.valid and "
            "data.test.",
        )
    kept = [row for number, row in enumerate(rows) if number not in held]
    return kept, [row for number, row in enumerate(rows) if number in held]


def _mark_spans(parts: Sequence[list[Sentence]]) -> bool:
    """Whether tags mark spans, as most of them show; one that then does not is a mistake."""
    tags = {tag for part in parts for row in part for tag in row.tags}
    if not most_mark_spans(tags):
        return False
    others = {tag for tag in tags if not is_of_span(tag)}
    for row in (row for part in parts for row in part):
        for tag in others.intersection(row.tags):
            raise UserError(
                f"The tag {tag!r} in the sentence of line {row.line} does not mark a span, as the "
                "others do.",
                "O, or B-, I-, E- or S- and a type, such as B-PER.",
                "correct it, or name another tag_column.",
            )
    return True


def _converted(row: Sentence, scheme: str) -> Sentence:
    return Sentence(row.tokens, tuple(convert_tags(row.tags, scheme)), row.line)


def _check_seen(rows: list[Sentence], tags: Sequence[str], where: str, *, of_spans: bool) -> None:
    """Another spelling of a type that is known may be missing; a type may not."""
    seen = {split_tag(tag)[1] for tag in tags} if of_spans else set(tags)
    for row in rows:
        for tag in row.tags:
            kind = split_tag(tag)[1] if of_spans else tag
            if kind not in seen and tag != OUTSIDE:
                raise UserError(
                    f"{where} has the tag {tag!r}, in the sentence of line {row.line}.",
                    f"a tag that training has seen: {', '.join(tags)[:200]}.",
                    "correct it, or train on examples of it.",
                )


# Different sentences below which copies of one may be in several parts, which is printed.
_FEW = 20

Tags = Sequence[Sequence[str]]

SentenceTagger = Callable[[Sequence[Sequence[str]]], Tags]


def loss(model: keras.Model) -> Any:
    """The loss that goes with a model of `sequence_tagger`."""
    return crf_loss if len(model.output.shape) == 4 else token_loss(padding=-1)


def describe(parts: TaggedParts) -> str:
    """What was read, in a few lines for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in uses)
    kind = f"tags of spans in {parts.scheme}" if parts.of_spans else "tags of single tokens"
    lines = [f"{parts.name}: sentences {counts}", f"{len(parts.tags)} {kind}", *parts.notes]
    return "\n".join(lines)


def fit_baselines(parts: TaggedParts, *, names: Sequence[str]) -> dict[str, SentenceTagger]:
    """Fit what a tagger has to beat.

    Args:
        parts: from `load`.
        names: "most_frequent_tag", what each word alone tells; "linear_tagger", a linear model of
            words, spelling and neighbors.
    """
    makers = {"most_frequent_tag": most_frequent_tag, "linear_tagger": linear_tagger}
    sentences = [row.tokens for row in parts.train]
    tags = [row.tags for row in parts.train]
    return {name: _in_iob2(makers[name](sentences, tags)) for name in names}


def _in_iob2(tag: Tagger) -> SentenceTagger:
    return lambda rows: [[to_iob2(one) for one in tag(tokens)] for tokens in rows]


def score(
    sentences: Sequence[Sentence], answers: Mapping[str, Tags], *, of_spans: bool
) -> dict[str, dict[str, float]]:
    """Figures of taggers by name.

    Args:
        sentences: with the true tags.
        answers: by name, tags of each sentence.
        of_spans: whether they mark spans.

    Returns:
        ``token_accuracy``; of spans before it ``entity_f1``, ``entity_precision`` and
        ``entity_recall``, strict and over all types together, as shares of 1.
    """
    truth = [[to_iob2(tag) for tag in row.tags] for row in sentences]
    found: dict[str, dict[str, float]] = {}
    for name, tags in answers.items():
        figures: dict[str, float] = {}
        if of_spans:
            scores = entity_scores([spans(row) for row in truth], [spans(row) for row in tags])
            figures = {f"entity_{key}": scores[key] for key in ("f1", "precision", "recall")}
        found[name] = {**figures, "token_accuracy": token_accuracy(truth, tags)}
    return found


def predictions_table(sentences: Sequence[Sentence], answers: Mapping[str, Tags]) -> pd.DataFrame:
    """A row for each token: ``sentence`` (from 1), ``token``, ``tag``, and by model its answer."""
    columns: dict[str, Any] = {
        "sentence": [n for n, row in enumerate(sentences, start=1) for _ in row.tokens],
        "token": [token for row in sentences for token in row.tokens],
        "tag": [to_iob2(tag) for row in sentences for tag in row.tags],
    }
    columns |= {name: [tag for row in tags for tag in row] for name, tags in answers.items()}
    return pd.DataFrame(columns)
