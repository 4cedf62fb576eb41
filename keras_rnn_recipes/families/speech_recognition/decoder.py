"""From log probabilities to texts: the search, its language model, and how both are chosen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.config.speech_recognition import SpeechEvaluateConfig
from keras_rnn_recipes.decoding.ctc import Transcripts, ctc_beam_search, ctc_greedy
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.automata import (
    Automaton,
    character_ngram,
    weighted,
    word_list,
    word_ngram,
)
from keras_rnn_recipes.text.reading import read_lines


@dataclass(frozen=True, eq=False)  # TensorFlow asks for a hash, which arrays have not
class Decoder:
    """How symbols are found in the output of the network.

    Attributes:
        beam_width: prefixes of the beam search; 1 for greedy decoding without automata.
        automata: the language model and the word list, weighted.
        weight: of the language model, as chosen.
        bonus: nats for each character, as chosen.
    """

    beam_width: int = 1
    automata: tuple[Automaton, ...] = ()
    weight: float = 0.0
    bonus: float = 0.0

    def __call__(self, log_probabilities: Any) -> Transcripts:
        """Symbols, steps and scores of log probabilities ``(batch, time, symbols)``."""
        if self.beam_width == 1 and not self.automata:
            return ctc_greedy(log_probabilities)
        return ctc_beam_search(
            log_probabilities, beam_width=self.beam_width, automata=self.automata
        )

    def save(self, path: str | Path) -> None:
        """Write the decoder as an NPZ file."""
        settings = {
            **{"beam_width": self.beam_width, "weight": self.weight, "bonus": self.bonus},
            "starts": [one.start for one in self.automata],
        }
        tables = {
            f"{name}_{number}": getattr(one, name)
            for number, one in enumerate(self.automata)
            for name in ("next", "scores", "final")
        }
        with Path(path).open("wb") as file:
            np.savez_compressed(file, settings=np.array(json.dumps(settings)), **tables)

    @classmethod
    def load(cls, path: str | Path) -> Decoder:
        """Read what `save` wrote.

        Raises:
            UserError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as tables:
                settings = json.loads(str(tables["settings"]))
                starts = enumerate(settings.pop("starts"))
                names = ("next", "scores", "final")
                automata = tuple(
                    Automaton(start, *(tables[f"{name}_{number}"] for name in names))
                    for number, start in starts
                )
        except (OSError, ValueError, KeyError) as error:
            raise UserError(
                f"{path} could not be read: {error}.",
                "the file that the run wrote.",
                "repeat the run: krr run RECIPE --run-dir DIR --overwrite.",
            ) from error
        return cls(automata=automata, **settings)


GREEDY = Decoder()


Search = Callable[[Any, Decoder], Transcripts]


def compiled(decoder: Decoder) -> Search:
    """The search as one function of TensorFlow.

    Args:
        decoder: the search. The function serves all decoders that differ from it in the scores of
            their automata alone, because tracing it takes longer than most searches.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def search(padded: Any, scores: Any) -> Transcripts:
        automata = (
            one._replace(scores=of_steps, final=of_ends)
            for one, (of_steps, of_ends) in zip(decoder.automata, scores, strict=True)
        )
        return replace(decoder, automata=tuple(automata))(padded)

    return lambda padded, given: search(padded, [(one.scores, one.final) for one in given.automata])


def decode(
    log_probabilities: Sequence[np.ndarray],
    decoder: Decoder,
    *,
    batch_size: int = 64,
    search: Search | None = None,
) -> list[list[int]]:
    """Decode the output of the network for several recordings.

    Args:
        log_probabilities: ``(steps, symbols)`` for each recording.
        decoder: the search.
        batch_size: recordings in a batch.
        search: from `compiled`, for a decoder like this one; None: compiled anew.

    Returns:
        The ids of the symbols of each.

    Example:
        >>> decode([np.log([[0.1, 0.9], [0.9, 0.1]])], GREEDY)
        [[1]]
    """
    search = search or compiled(decoder)
    order = np.argsort([len(one) for one in log_probabilities], kind="stable")
    found: list[list[int]] = [[] for _ in log_probabilities]
    for first in range(0, len(order), batch_size):
        numbers = order[first : first + batch_size]
        padded = _padded([log_probabilities[number] for number in numbers])
        symbols = search(tf.constant(padded), decoder).symbols.numpy()
        for number, row in zip(numbers, symbols, strict=True):
            found[number] = [int(one) for one in row if one]
    return found


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Log probabilities of several recordings; the blank is certain at padded steps."""
    longest = max(map(len, rows))
    padded = np.full((len(rows), longest, rows[0].shape[1]), -1e9, "float32")
    padded[:, :, 0] = 0
    for row, one in zip(padded, rows, strict=True):
        row[: len(one)] = one
    return padded


def to_text(symbols: Iterable[int], characters: Sequence[str]) -> str:
    """The text of symbols, with single spaces.

    Args:
        symbols: ids from 1 on.
        characters: the character of each.

    Example:
        >>> to_text([2, 1, 1, 2], (" ", "a"))
        'a a'
    """
    return " ".join("".join(characters[one - 1] for one in symbols).split())


def to_symbols(text: str, characters: Sequence[str]) -> list[int]:
    """The ids of the characters of a text; unknown ones are left out.

    Example:
        >>> to_symbols("a b!", (" ", "a", "b"))
        [2, 1, 3]
    """
    numbers = {character: number for number, character in enumerate(characters, start=1)}
    return [numbers[one] for one in text if one in numbers]


def choose_decoder(
    config: SpeechEvaluateConfig,
    texts: Sequence[str],
    characters: Sequence[str],
    log_probabilities: Sequence[np.ndarray],
    wanted: Sequence[str],
    error: Callable[[Sequence[str], Sequence[str]], float],
) -> Decoder:
    """The decoder of a recipe, with the weight and the bonus of the least error on validation.

    Args:
        config: the section ``evaluate``.
        texts: training transcripts, from which the language model learns.
        characters: of the symbols.
        log_probabilities: of the validation part, ``(steps, symbols)`` each.
        wanted: its transcripts.
        error: of texts and references.

    Raises:
        UserError: a word list that cannot be read, or a model that would be too large.
    """
    model, lists = _automata(config, texts, characters)
    if model is None:
        return Decoder(config.beam_width, lists)

    def candidate(weight: float, bonus: float) -> Decoder:
        return Decoder(config.beam_width, (weighted(model, weight, bonus), *lists), weight, bonus)

    options = [candidate(w, b) for w in config.weights for b in config.bonuses]
    search = compiled(options[0])

    def judge(decoder: Decoder) -> float:
        found = decode(log_probabilities, decoder, search=search)
        return error([to_text(one, characters) for one in found], wanted)

    return min(options, key=judge)


def _automata(
    config: SpeechEvaluateConfig, texts: Sequence[str], characters: Sequence[str]
) -> tuple[Automaton | None, tuple[Automaton, ...]]:
    """The language model or None, and the automaton of the word list, if there is one."""
    symbols = len(characters) + 1
    # Without spaces in the texts no symbol divides words.
    space = characters.index(" ") + 1 if " " in characters else 0
    rows = [to_symbols(text, characters) for text in texts]
    words = [to_symbols(word, characters) for word in _listed_words(config.word_list, texts)]
    makers: dict[str, Callable[[], Automaton | None]] = {
        "none": lambda: None,
        "characters": partial(character_ngram, rows, symbols, order=config.order),
        "words": partial(
            word_ngram, rows, symbols, space=space, order=min(config.order, 2), words=words
        ),
    }
    try:
        model = makers[config.language_model]()
        restricts = bool(words) and config.language_model != "words"
        lists = (word_list(words, symbols, space=space),) if restricts else ()
    except ValueError as error:
        raise UserError(
            f"The language model cannot be made: {error}",
            "one whose tables fit into memory.",
            "lower evaluate.order, or set evaluate.language_model to none.",
        ) from error
    return model, lists


def _listed_words(sources: Sequence[str], texts: Sequence[str]) -> list[str]:
    words: set[str] = set()
    for source in sources:
        lines = texts if source == "training" else read_lines(source)
        words.update(word for line in lines for word in line.split())
    return sorted(words)
