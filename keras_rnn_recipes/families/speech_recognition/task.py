"""The steps that the script of speech_recognition calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from keras_rnn_recipes.builders.speech_recognizer import speech_recognizer as speech_recognizer
from keras_rnn_recipes.config.speech_recognition import (
    SpeechConfig,
    SpeechDataConfig,
    SpeechModelConfig,
)
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.evaluation.translation import character_error_rate, score_texts
from keras_rnn_recipes.families.sequence_classification.task import statistics as statistics_of
from keras_rnn_recipes.families.sequence_parts import load_sequence_parts
from keras_rnn_recipes.families.speech_recognition.decoder import (
    GREEDY,
    Decoder,
    choose_decoder as choose_best_decoder,
    decode,
    to_symbols,
    to_text,
)
from keras_rnn_recipes.families.speech_recognition.pipeline import WAVEFORM, Pipeline, output_steps
from keras_rnn_recipes.layers import LogMel
from keras_rnn_recipes.media.sequences import LabelledSequences, SequenceParts
from keras_rnn_recipes.media.transcripts import (
    characters_of as characters_of,
    normalized,
    read_transcribed,
)
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.serving.saved_speech import Transcript
from keras_rnn_recipes.text.holding_out import draw_held_out
from keras_rnn_recipes.training.ctc_loss import ctc_loss, steps_needed

FAMILY = "speech_recognition"

Baseline = Callable[[Sequence[np.ndarray]], list[str]]

loss = ctc_loss


def load(data: SpeechDataConfig, *, seed: int = 0) -> SequenceParts:
    """Load the training, validation and test part of a recipe.

    Args:
        data: the recipe's section: the name of a data set, one source of recordings, or one for
            each part. Missing parts are held out from the training part.
        seed: seed of the choice of held-out recordings.

    Returns:
        The parts, whose labels are the transcripts.

    Raises:
        UserError: no such data set, one of another task, or something in a file that cannot be
            used.

    Example:
        >>> parts = load(SpeechDataConfig(source="morse"))
        >>> len(parts.train), len(parts.valid), len(parts.test)
        (6000, 200, 300)
    """
    return load_sequence_parts(
        data,
        FAMILY,
        prepare=lambda rows: _normalized(rows, data),
        read=lambda source, notes: read_recordings(source, data, notes),
        hold_out=partial(hold_out, seed=seed),
        check=_check_channels,
    )


def read_recordings(
    source: Any, data: SpeechDataConfig, notes: list[str], *, labelled: bool = True
) -> LabelledSequences:
    """Read recordings and transcripts as the recipe says.

    Args:
        source: as in `read_transcribed`.
        data: the recipe's section.
        notes: to which sentences on what was assumed are added.
        labelled: whether transcripts are read; new data need none.

    Raises:
        UserError: as `read_transcribed`, or a transcript without any character.
    """
    rows = read_transcribed(
        source,
        file_col=data.file_col,
        text_col=data.text_col,
        labelled=labelled,
        rate=data.rate,
        tell=notes.append,
    )
    return _normalized(rows, data)


def _normalized(rows: LabelledSequences, data: SpeechDataConfig) -> LabelledSequences:
    options = {"lower": data.lower, "punctuation": data.punctuation}
    texts = tuple(normalized(text, **options) for text in rows.labels)
    for name, before, text in zip(rows.names, rows.labels, texts, strict=False):
        if not text:
            raise UserError(
                f"The transcript {before!r} of {name} has no letter.",
                "the words that are spoken.",
                "correct it, leave the recording out, or set data.punctuation to true.",
            )
    return replace(rows, labels=texts)


def hold_out(
    rows: LabelledSequences, share: float, *, name: str, seed: int = 0
) -> tuple[LabelledSequences, LabelledSequences]:
    """Split recordings in two; every character stays in the first part, as far as possible.

    Args:
        rows: the training recordings.
        share: of the recordings that are held out, above 0 and below 1.
        name: of the data, for the message.
        seed: of the choice.

    Raises:
        UserError: a share of 0, or nothing can be held out.

    Example:
        >>> values = tuple(np.full((2, 1), number, "float32") for number in range(8))
        >>> rows = LabelledSequences(values, ("ab",) * 8, tuple("12345678"), ("x",))
        >>> [len(part) for part in hold_out(rows, 0.25, name="rows")]
        [6, 2]
    """
    keys = [one.tobytes() for one in rows.values]
    characters = [tuple(set(text)) for text in rows.labels]
    strata = ["all"] * len(rows)
    held = np.zeros(0, bool)
    if share:
        held = draw_held_out(keys, characters, strata, share, seed=seed)
    if not held.any() or held.all():
        raise UserError(
            f"No share of {share} of the {counted(len(rows), 'recording')} of {name} can be held "
            "out.",
            "at least three different recordings, and shares above 0.",
            "give more recordings, or name data.valid and data.test.",
        )
    return rows.rows(np.flatnonzero(~held)), rows.rows(np.flatnonzero(held))


def _check_channels(train: LabelledSequences, other: LabelledSequences, part: str) -> None:
    if other.channels != train.channels or other.rate != train.rate:
        raise UserError(
            f"The {part} part has {_kind(other)}.",
            f"the same as the training part: {_kind(train)}.",
            "give recordings of one kind, and one rate by data.rate.",
        )


def _kind(part: LabelledSequences) -> str:
    if part.channels == WAVEFORM:
        return f"waveforms of {part.rate:,} samples a second"
    return f"features of {counted(len(part.channels), 'channel')}"


def describe(parts: SequenceParts, characters: Sequence[str]) -> str:
    """Summary of the data, a few lines for the terminal."""
    each = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in each)
    lengths, words = parts.train.lengths, Counter(" ".join(parts.train.labels).split())
    rate = parts.train.rate
    seconds = lengths / rate if rate else lengths
    unit = "s" if rate else "steps"
    unknown = sorted(set("".join((*parts.valid.labels, *parts.test.labels))) - set(characters))
    lines = [
        f"{parts.name}: {counts}; {_kind(parts.train)}",
        f"{seconds.min():,.1f} to {seconds.max():,.1f} {unit}, {seconds.sum():,.0f} {unit} in all",
        f"{counted(len(characters), 'character')}: {''.join(characters)!r}; "
        f"{counted(len(words), 'word')}",
        *parts.notes,
    ]
    if unknown:
        lines.append(
            f"Characters of the other parts that training lacks: {first_names(unknown, 20)}."
        )
    return "\n".join(lines)


def front_end(config: SpeechModelConfig, part: LabelledSequences) -> Any:
    """The layer between the raw values and their scaling; None without one.

    Args:
        config: the recipe's section ``model``.
        part: the training part, for its rate and channels.

    Raises:
        UserError: waveforms without ``"log_mel"``, features with it, or too many bands.

    Example:
        >>> part = LabelledSequences((np.zeros((9, 1), "float32"),), ("a",), ("1",), WAVEFORM, 8000)
        >>> front_end(SpeechModelConfig(), part).bands
        40
    """
    fitting = "log_mel" if part.channels == WAVEFORM else "none"
    if config.front_end not in (None, fitting):
        raise UserError(
            f"The recordings are {_kind(part)}, and model.front_end is {config.front_end!r}.",
            "model.front_end 'log_mel' for waveforms, and for waveforms only.",
            f"set model.front_end to {fitting}.",
        )
    if fitting == "none":
        return None
    try:
        return LogMel(part.rate, config.bands, config.window_ms, config.hop_ms, name="log_mel")
    except ValueError as error:
        raise UserError(
            f"model.bands is {config.bands}, with {part.rate:,} samples a second: {error}",
            "fewer bands for a low rate.",
            "lower model.bands, for example to 24, or raise model.window_ms.",
        ) from error


def statistics(part: LabelledSequences, layer: Any, scaling: str) -> Any:
    """Mean and standard deviation of each channel; None for a scaling that needs none.

    Args:
        part: the training part.
        layer: from `front_end`, whose output is then measured.
        scaling: ``model.scaling``.
    """
    return statistics_of(part, layer) if scaling == "training" else None


def targets(part: LabelledSequences, characters: Sequence[str]) -> list[np.ndarray]:
    """The symbols of each transcript, int32 ``(length,)``, from 1 on.

    Args:
        part: recordings with transcripts.
        characters: from `characters_of`; others are left out.
    """
    return [np.array(to_symbols(text, characters), "int32") for text in part.labels]


def trainable(
    part: LabelledSequences, characters: Sequence[str], model: keras.Model, speed: float = 0.0
) -> LabelledSequences:
    """The recordings whose transcripts the network can write in their steps.

    Each character needs a step, and a blank between two equal ones. What is left out is printed.

    Args:
        part: recordings with transcripts.
        characters: from `characters_of`.
        model: the network.
        speed: largest random change of the speed while training.

    Raises:
        UserError: no recording is long enough.
    """
    steps = np.floor(output_steps(part.lengths, model) / (1 + speed))
    symbols = targets(part, characters)
    needed = np.array([steps_needed(one) for one in symbols])
    kept = np.flatnonzero((needed <= steps) & (needed > 0))
    if not len(kept):
        raise UserError(
            f"Every transcript is longer than its recording: {part.names[0]} has "
            f"{steps[0]:.0f} steps for {counted(int(needed[0]), 'step')} that are needed.",
            "a step of the network for each character.",
            "lower model.stride or model.speed, or check that the texts belong to the recordings.",
        )
    if len(kept) < len(part):
        left = [part.names[number] for number in set(range(len(part))) - set(kept.tolist())]
        print(
            f"{counted(len(left), 'recording')} left out, too short for the transcript: "
            f"{first_names(sorted(left), 5)}."
        )
    return part.rows(kept)


def choose_decoder(
    config: SpeechConfig,
    parts: SequenceParts,
    characters: Sequence[str],
    pipeline: Pipeline,
) -> Decoder:
    """The search of a recipe, whose weights are chosen on the validation part.

    Args:
        config: the recipe.
        parts: from `load`; the language model learns from the training transcripts.
        characters: from `characters_of`.
        pipeline: with the trained network.

    Raises:
        UserError: as `decoder.choose_decoder`.
    """
    found = choose_best_decoder(
        config.evaluate,
        parts.train.labels,
        characters,
        pipeline.log_probabilities(parts.valid.values),
        parts.valid.labels,
        character_error_rate,
    )
    if config.evaluate.language_model != "none":
        print(
            f"On the validation part the best weight of the language model is {found.weight:g}, "
            f"with a bonus of {found.bonus:g} for each character."
        )
    return found


def decodings(
    pipeline: Pipeline, part: LabelledSequences, *, metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Scores of the same network with simpler searches: greedy, and without the language model.

    Args:
        pipeline: with the recipe's search.
        part: recordings with transcripts.
        metrics: names.
    """
    log_probabilities = pipeline.log_probabilities(part.values)
    width = pipeline.decoder.beam_width
    searches = {"greedy": GREEDY, "beam_search": Decoder(max(width, 2))}
    if pipeline.decoder.automata:
        searches["beam_search_with_language_model"] = pipeline.decoder
    return {
        name: score_texts(
            [to_text(one, pipeline.characters) for one in decode(log_probabilities, search)],
            part.labels,
            metrics=metrics,
        )
        for name, search in searches.items()
    }


def fit_baselines(train: LabelledSequences, *, names: Sequence[str]) -> dict[str, Baseline]:
    """Fit the baselines of speech recognition, which do not listen.

    Args:
        train: the training part.
        names: "most_frequent", the most frequent transcript of training; "nearest_length", the
            transcript of the training recording whose length is nearest.

    Example:
        >>> values = tuple(np.zeros((n, 1), "float32") for n in (2, 9, 2))
        >>> train = LabelledSequences(values, ("no", "yes", "no"), tuple("123"), ("x",))
        >>> {name: fit([np.zeros((8, 1))]) for name, fit in
        ...  fit_baselines(train, names=["most_frequent", "nearest_length"]).items()}
        {'most_frequent': ['no'], 'nearest_length': ['yes']}
    """
    frequent = Counter(train.labels).most_common(1)[0][0]
    lengths = train.lengths

    def nearest(values: Sequence[np.ndarray]) -> list[str]:
        return [train.labels[int(np.argmin(np.abs(lengths - len(one))))] for one in values]

    makers: dict[str, Baseline] = {
        "most_frequent": lambda values: [frequent] * len(values),
        "nearest_length": nearest,
    }
    return {name: makers[name] for name in names}


def texts(transcripts: Sequence[Transcript]) -> list[str]:
    """The texts of transcripts."""
    return [one.text for one in transcripts]


def score(
    wanted: Sequence[str], answers: Mapping[str, Sequence[str]], *, metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Scores of the answers by model, see `score_texts`.

    Args:
        wanted: the transcripts.
        answers: texts by model.
        metrics: names.

    Example:
        >>> score(["ab"], {"lstm": ["ba"]}, metrics=["accuracy_at_1"])
        {'lstm': {'accuracy_at_1': 0.0}}
    """
    return {name: score_texts(found, wanted, metrics=metrics) for name, found in answers.items()}


def symbols_record(
    characters: Sequence[str], part: LabelledSequences, decoder: Decoder, config: SpeechConfig
) -> dict[str, Any]:
    """The content of ``symbols.json``: what the answers and the inputs of a run mean.

    Args:
        characters: from `characters_of`.
        part: the training part, for its channels and their rate.
        decoder: the search.
        config: the recipe.
    """
    return {
        "format_version": 1,
        "characters": list(characters),
        "channels": list(part.channels),
        "rate": part.rate,
        "piece_seconds": config.evaluate.piece_seconds,
        "language_model_weight": decoder.weight,
        "character_bonus": decoder.bonus,
    }


def write_decoder(path: Path, decoder: Decoder) -> None:
    """Write the search into a file, for `krr export`."""
    decoder.save(path)


def predictions_table(
    part: LabelledSequences, answers: Mapping[str, Sequence[str]], found: Sequence[Transcript]
) -> pd.DataFrame:
    """A row for each recording: its name, steps, transcript, answers by model, and the score."""
    table: dict[str, Any] = {"recording": list(part.names), "steps": part.lengths}
    table["text"] = list(part.labels)
    table.update({name: list(given) for name, given in answers.items()})
    table["score"] = [one.score for one in found]
    return pd.DataFrame(table)
