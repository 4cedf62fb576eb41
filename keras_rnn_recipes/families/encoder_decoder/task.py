"""The steps that the script of encoder_decoder calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from keras_rnn_recipes.config.encoder_decoder import PairDataConfig, PairEvaluateConfig
from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.correction_baselines import copy, nearest_source, nearest_word
from keras_rnn_recipes.evaluation.letter_to_sound import joint_ngram
from keras_rnn_recipes.evaluation.translation import (
    References,
    describe_signatures as describe_signatures,
    flat,
    score_texts,
)
from keras_rnn_recipes.families.encoder_decoder.pipeline import Search
from keras_rnn_recipes.families.text_parts import is_split_here, load_parts, unit_name
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.serving.vocabulary import vocabulary_record as vocabulary_record
from keras_rnn_recipes.text.catalogue import TextParts, hold_out, load_text
from keras_rnn_recipes.text.encoded import Tell, ignore, read_bytes
from keras_rnn_recipes.text.misspelling import make_up_misspellings
from keras_rnn_recipes.text.pronunciations import (
    ReferencedTexts,
    joined,
    read_dictionary,
    unify_pronunciations,
    with_references,
)
from keras_rnn_recipes.text.reading import (
    ParallelTexts,
    names_column,
    read_lines,
    read_pairs as read_table_of_pairs,
    read_parallel,
)
from keras_rnn_recipes.text.row_counts import overlap_notes, repeated_notes, unknown_note
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.training.token_loss import token_loss

Columns = tuple[dict[str, list[np.ndarray]], list[np.ndarray]]

loss = token_loss


def load(data: PairDataConfig, *, seed: int = 0) -> TextParts:
    """Load the training, validation and test pairs of a recipe.

    Args:
        data: the recipe's section: the name of a data set, a table of pairs, or two files, for
            each part. Missing parts are held out from the training part.
        seed: seed of the choice of held-out pairs.

    Returns:
        ``train``, ``valid`` and ``test``, each `ParallelTexts`; for pronunciations, ``test`` is
        `ReferencedTexts`, each word once with all that is right.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load(PairDataConfig(source="reversal"))
        >>> len(parts.train), len(parts.test)
        (6000, 500)
    """
    notes: list[str] = []
    parts = load_parts(
        data,
        "encoder_decoder",
        read=partial(read_pairs, data=data, tell=notes.append),
        hold_out=partial(hold_out, seed=seed),
        seed=seed,
    )
    if data.are_pronunciations:
        return _pronunciations(parts, data, notes)
    three = (parts.train.sources, parts.valid.sources, parts.test.sources)
    if is_split_here(data):
        notes += repeated_notes([text for part in three for text in part], "source text")
    every = (parts.train, parts.valid, parts.test)
    if all(part.sources == part.targets for part in every):
        notes.append("Sources and targets are the same in every pair.")
    others = {"validation": three[1], "test": three[2]}
    notes += overlap_notes(three[0], others, "source text")
    return replace(parts, notes=tuple(dict.fromkeys(notes)))


def _pronunciations(parts: TextParts, data: PairDataConfig, notes: list[str]) -> TextParts:
    """The parts as data sets have them in the form of ``data``, the test part by words."""
    unify = partial(unify_pronunciations, stress=data.stress, lower=data.lower)
    train = unify(parts.train, tell=notes.append)
    valid, test = unify(parts.valid), unify(parts.test)
    words = {"train": {*train.sources}, "validation": {*valid.sources}, "test": {*test.sources}}
    for name in ("validation", "test"):
        shared = len(words[name] & words["train"])
        if shared:
            notes.append(
                f"{name}: {counted(shared, 'word', 'is', 'are')} in the training part too."
            )
    every = Counter(word for part in (train, valid, test) for word in part.sources)
    several = sum(count > 1 for count in every.values())
    phonemes = {
        one for part in (train, valid, test) for said in part.targets for one in said.split()
    }
    notes.append(
        f"{several:,} of {counted(len(every), 'word')} with several pronunciations; "
        f"{counted(len(phonemes), 'phoneme')}."
    )
    noted = tuple(dict.fromkeys(notes))
    return replace(parts, train=train, valid=valid, test=with_references(test), notes=noted)


def questions(pairs: ParallelTexts, data: PairDataConfig) -> ParallelTexts | ReferencedTexts:
    """What is scored: each pair, or of pronunciations each word with all that is right."""
    return with_references(pairs) if data.are_pronunciations else pairs


def read_pairs(
    paths: str | Path | tuple[str, str], data: PairDataConfig, *, tell: Tell = ignore
) -> ParallelTexts:
    """Read pairs of texts: from two files, line by line, or from one table.

    Args:
        paths: of the two files; or of a table with a column of sources and one of targets.
        data: the recipe's section.
        tell: called with each assumption about the files.

    Raises:
        UserError: as `read_parallel`, `text.reading.read_pairs` and `read_dictionary`.
    """
    if not data.are_pronunciations:
        with _hint_at_dictionaries(paths):
            return _read_texts(paths, data, tell)
    if isinstance(paths, tuple) or is_table(paths, data):
        pairs = _read_texts(paths, data, tell)
    else:
        pairs = read_dictionary(paths, encoding=data.encoding, tell=tell)
    return unify_pronunciations(pairs, stress=data.stress, lower=data.lower, tell=tell)


@contextmanager
def _hint_at_dictionaries(paths: str | Path | tuple[str, str]) -> Iterator[None]:
    """Add to the error of a file that is named like a dictionary how dictionaries are read."""
    try:
        yield
    except UserError as error:
        if isinstance(paths, tuple) or not {".dict", ".dic"} & {*Path(paths).suffixes}:
            raise
        fix = "of words and their phonemes, train with the recipe encoder_decoder/cmudict_lstm, or"
        raise UserError(error.what, error.expected, f"{fix} {error.fix}") from error


def is_table(path: str | Path, data: PairDataConfig) -> bool:
    """Whether a file of pronunciations is a table: ``.csv``, or its columns have names."""
    path = Path(path)
    if data.columns or ".csv" in path.suffixes:
        return True
    first = read_bytes(path).lstrip().splitlines()[:1] if path.is_file() else []
    header = [line.decode("utf-8-sig", "replace") for line in first]
    return all(names_column(header, name) for name in (data.source_col, data.target_col))


def _read_texts(
    paths: str | Path | tuple[str, str], data: PairDataConfig, tell: Tell
) -> ParallelTexts:
    if isinstance(paths, tuple):
        return read_parallel(*paths, encoding=data.encoding, tell=tell)
    return read_table_of_pairs(
        paths,
        source_col=data.source_col,
        target_col=data.target_col,
        tell=tell,
        **data.file_options(),
    )


def with_misspellings(parts: TextParts, data: PairDataConfig, *, seed: int = 0) -> ParallelTexts:
    """The pairs to learn from: the training part, and misspellings that are made up for its words.

    Args:
        parts: from `load`.
        data: the recipe's section; without ``data.misspellings`` nothing is made up.
        seed: of the misspellings.

    Returns:
        The training part, followed by what is made up: see `make_up_misspellings`.

    Example:
        >>> known, none = ParallelTexts(("teh", "adn"), ("the", "and")), ParallelTexts((), ())
        >>> parts = TextParts("mine", "encoder_decoder", known, none, none)
        >>> with_misspellings(parts, PairDataConfig(misspellings=1)).sources
        The network learns from 2 more misspellings, made up for 2 words with the edits of ...
        ('teh', 'adn', 'adn', 'teh')
    """
    known: ParallelTexts = parts.train
    if not data.misspellings:
        return known

    def cased(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(text.lower() for text in texts) if data.lower else tuple(texts)

    targets = cased(known.targets)
    more = make_up_misspellings(
        ParallelTexts(cased(known.sources), targets),
        data.misspellings,
        seed=seed,
        held_out=cased((*parts.valid.sources, *parts.test.sources)),
    )
    print(
        f"The network learns from {counted(len(more), 'more misspelling')}, made up for "
        f"{counted(len(set(targets)), 'word')} with the edits of the training pairs "
        "(data.misspellings)."
    )
    return ParallelTexts(known.sources + more.sources, known.targets + more.targets)


def describe_tokens(parts: TextParts, source: Tokenizer, target: Tokenizer) -> str:
    """What was decided by the texts, and the share of unknown tokens in each part, in lines."""
    named = (("train", parts.train), ("validation", parts.valid), ("test", parts.test))
    lines = list(dict.fromkeys((*source.notes, *target.notes)))
    for side, tokenizer in (("sources", source), ("targets", target)):
        ids = {name: tokenizer.encode(flat(getattr(part, side))) for name, part in named}
        lines.append(f"{side}: {unknown_note(ids, unit_name(tokenizer))}")
    return "\n".join(lines)


def describe(parts: TextParts) -> str:
    """Summary of the data, a line for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in uses)
    what = "pronunciations" if isinstance(parts.test, ReferencedTexts) else "pairs"
    words = " (words)" if isinstance(parts.test, ReferencedTexts) else ""
    return "\n".join([f"{parts.name}: {what} {counts}{words}", *parts.notes])


def columns(
    pairs: ParallelTexts, source: Tokenizer, target: Tokenizer, *, max_length: int | None = None
) -> Columns:
    """Inputs and targets of an encoder-decoder, for `bucketed_batches`.

    Args:
        pairs: the pairs of one part.
        source, target: tokenizers of the two sides, which add [START] and [END].
        max_length: drop pairs with more tokens on either side, [START] and [END] included.

    Returns:
        A dict of ``source`` and ``target``, lists of the ids of each pair, the target without its
        last token; and the targets without their first token, which the network learns to predict.

    Raises:
        UserError: every pair is longer than ``max_length``.

    Example:
        >>> from keras_rnn_recipes.text.preparation import Preparation
        >>> from keras_rnn_recipes.text.tokenizer import fit_tokenizer
        >>> letters = fit_tokenizer(["ab"], Preparation(unit="characters", ends=True))
        >>> inputs, targets = columns(ParallelTexts(("ab",), ("ba",)), letters, letters)
        >>> inputs["source"][0].tolist(), inputs["target"][0].tolist(), targets[0].tolist()
        ([2, 4, 5, 3], [2, 5, 4], [5, 4, 3])
    """
    both = zip(source.encode(pairs.sources), target.encode(pairs.targets), strict=True)
    rows = [row for row in both if max_length is None or max(map(len, row)) <= max_length]
    if not rows:
        raise UserError(
            f"Every pair has more than {counted(max_length or 0, 'token')} on one side.",
            "some that are as short as data.max_length.",
            "raise data.max_length, or divide the texts.",
        )
    if len(rows) < len(pairs):
        print(
            f"Trained on {len(rows):,} of {counted(len(pairs), 'pair')}: the others have more than "
            f"{counted(max_length or 0, 'token')} on one side; data.max_length sets another limit."
        )
    given = {"source": [ids for ids, _ in rows], "target": [ids[:-1] for _, ids in rows]}
    return given, [ids[1:] for _, ids in rows]


Answer = Callable[[Sequence[str]], Sequence[str]]


def choose_search(config: PairEvaluateConfig, targets: Sequence[str]) -> Search:
    """The beam search settings of a recipe.

    Args:
        config: the section ``evaluate``.
        targets: training targets, the known words if the recipe says so.

    Raises:
        UserError: the word list cannot be read, or there is no such data set.
    """
    words = {word for source in config.word_list for word in _words_of(source, targets)}
    return Search(config.beam_width, config.length_penalty, config.max_length, tuple(sorted(words)))


def _words_of(source: str, targets: Sequence[str]) -> Iterable[str]:
    if source == "training":
        return targets
    if is_file_name(source):
        return read_lines(source)
    parts = load_text(source)
    if parts.task != "language_model":
        raise UserError(
            f"evaluate.word_list names {source}, a data set for {parts.task}.",
            'one of running text, such as "ptb", a file with a word a line, or "training".',
            "choose another (krr ls datasets).",
        )
    return (word for word in parts.train.split() if word.isalpha())


def fit_baselines(parts: TextParts, search: Search, *, names: Sequence[str]) -> dict[str, Answer]:
    """Fit the baselines of an encoder-decoder.

    Args:
        parts: from `load`.
        search: its words, if any, are known to the baselines too.
        names: "copy", the unchanged text; "nearest_word", the known word with the smallest edit
            distance, and of several the most frequent one; "nearest_source", the target of the
            training source with the smallest edit distance; "joint_ngram", see `joint_ngram`.
    """
    known = Counter(parts.train.targets) + Counter(search.words)
    makers: dict[str, Callable[[], Answer]] = {
        "copy": lambda: copy,
        "nearest_word": lambda: nearest_word(known),
        "nearest_source": lambda: nearest_source(parts.train.sources, parts.train.targets),
        "joint_ngram": lambda: joint_ngram(parts.train.sources, parts.train.targets),
    }
    return {name: makers[name]() for name in names}


def score(
    wanted: References,
    answers: Mapping[str, Sequence[str]],
    *,
    metrics: Sequence[str],
    lowercase: bool = False,
    normalize: str = "NFC",
) -> dict[str, dict[str, float]]:
    """Scores of the answers by model, see `score_texts`.

    Args:
        wanted: the references, one or several for each text.
        answers: texts by model.
        metrics: names.
        lowercase: ignore case, as for answers of a run with ``data.lower``.
        normalize: ``data.normalize`` of the run.

    Example:
        >>> score(["ab"], {"copy": ["ba"]}, metrics=["accuracy_at_1"])
        {'copy': {'accuracy_at_1': 0.0}}
    """
    return {
        name: score_texts(texts, wanted, metrics=metrics, lowercase=lowercase, normalize=normalize)
        for name, texts in answers.items()
    }


def predictions_table(
    part: ParallelTexts | ReferencedTexts, answers: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """A row for each source: ``source``, ``target`` and the answer of each model.

    Several targets of a source are joined by `` | ``.

    Example:
        >>> part = ReferencedTexts(("read",), (("R IY D", "R EH D"),))
        >>> predictions_table(part, {"lstm": ["R IY D"]}).iloc[0].tolist()
        ['read', 'R IY D | R EH D', 'R IY D']
    """
    columns = {"source": list(part.sources), "target": [joined(one) for one in part.targets]}
    return pd.DataFrame({**columns, **{name: list(texts) for name, texts in answers.items()}})
