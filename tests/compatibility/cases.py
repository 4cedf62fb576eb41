"""The recorded cases: their recipes, their made-up data, and how to ask a model a fixed question.

Recording and testing share this file. It uses only what users rely on: the command line and public
names.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ARCHIVES = HERE / "artifacts"
REGISTERED_NAMES = "registered_names.txt"  # a file in every folder of archives
PACKAGE = "keras_rnn_recipes"

# What no command reads, or what says on whose machine and when a run was made.
LEFT_OUT = (
    *("report.html", "tensorboard", "checkpoints", "backtest.csv", "history.csv"),
    *("piece.wav", "piece.mid", "piece.svg"),
)

FORECAST_FIT = "[fit]\nepochs = 2\nsteps_per_epoch = 4\nbatch_size = 8\nlearning_rate = 0.01\n"
TEXT_FIT = "[fit]\nepochs = 2\nbatch_size = 16\nlearning_rate = 0.02\n"
SPEECH_RATE, SPEECH_PITCHES = 1000, {"a": 120, "b": 250}


@dataclass(frozen=True)
class Case:
    """One recorded run.

    Attributes:
        recipe: the content of its TOML file.
        data: a name in `DATA`: which files the run reads.
        new: the file that `krr predict` is given; empty if the run answers nothing.
        labelled: the file that `krr evaluate` is given; empty if the run cannot be judged.
        more: arguments of further commands, ``{output}`` standing for a file to write.
    """

    recipe: str
    data: str
    new: str = ""
    labelled: str = ""
    more: tuple[tuple[str, ...], ...] = ()

    @property
    def family(self) -> str:
        """The family of the recipe."""
        found = re.search('family = "(.*)"', self.recipe)
        return found[1] if found else "forecasting"


def _forecasting(model: str, *, data: str = "", fit: str = "", evaluate: str = "") -> str:
    return (
        f'[data]\nsource = "data.csv"\nvalid_size = 8\ntest_size = 6\n{data}\n'
        f"[model]\nhorizon = 3\nlookback = 12\n{model}\n"
        f"{FORECAST_FIT}{fit}\n[evaluate]\nstride = 3\n{evaluate}"
    )


def _series(recipe: str, data: str = "series", **options: Any) -> Case:
    return Case(recipe, data, "new.csv", "new.csv", **options)


EXPLAIN = (("explain", "run", "--output", "{output}.html"),)

CASES: Mapping[str, Case] = {
    "lstm_direct_intervals": _series(
        _forecasting('preset = "lstm"\nunits = 4', evaluate="levels = [80, 95]"), more=EXPLAIN
    ),
    "gru_recursive": _series(_forecasting('preset = "gru"\nstrategy = "recursive"\nunits = 4')),
    "simple_rnn_seq2seq_members": _series(
        _forecasting(
            'preset = "simple_rnn"\nstrategy = "seq2seq"\nunits = 3\nmembers = 3\nlags = 4\n'
            'seasons = 4\nscaling = "mean"',
            data="season_length = 6",
        )
    ),
    "gru_covariates": _series(
        _forecasting(
            'preset = "gru"\nstrategy = "seq2seq"\nunits = 3\nseries_embedding = 2',
            data='past_cols = ["sky"]\nfuture_cols = ["promo", "price"]\n'
            'static_cols = ["town"]\ncalendar = ["day_of_week"]',
        ),
        "covariates",
    ),
    "lstm_recursive_gaussian": _series(
        _forecasting(
            'preset = "lstm"\nstrategy = "recursive"\nunits = 3\ndistribution = "gaussian"',
            fit='loss = "nll"\n',
            evaluate="levels = [80]",
        )
    ),
    "gru_direct_student_t": _series(
        _forecasting(
            'preset = "gru"\nunits = 3\ndistribution = "student_t"',
            fit='loss = "nll"\n',
            evaluate="levels = [80]",
        )
    ),
    "lstm_seq2seq_quantiles": _series(
        _forecasting(
            'preset = "lstm"\nstrategy = "seq2seq"\nunits = 3\nquantiles = [80]',
            fit='loss = "pinball"\n',
            evaluate="levels = [80]",
        )
    ),
    "gru_direct_skips": _series(
        _forecasting('preset = "gru"\nunits = 3\nrecurrent_skips = [2, 3]\ntransform = "asinh"')
    ),
    # Its network has learned from all its data, so `krr evaluate` refuses to judge it on them.
    "lstm_direct_refit": Case(
        _forecasting('preset = "lstm"\nunits = 3', fit="refit = true\n"), "series", "new.csv"
    ),
    "conv_direct": _series(_forecasting('preset = "conv"\nunits = 3')),
    "text_classification": Case(
        'family = "text_classification"\n[data]\ntrain = "data.csv"\n[model]\ncell = "gru"\n'
        'units = [4]\nembedding_size = 4\npooling = "attention"\n' + TEXT_FIT,
        "classified",
        "new.csv",
        "new.csv",
    ),
    "tagging": Case(
        'family = "tagging"\n[data]\ntrain = "data.conll"\n[model]\nunits = [4]\n'
        "embedding_size = 4\ncharacter_units = 4\ncharacter_embedding_size = 3\n" + TEXT_FIT,
        "tagged",
        "new.conll",
        "new.conll",
    ),
    "language_model": Case(
        'family = "language_model"\n[data]\nsource = "data.txt"\n[model]\nunits = [6]\n'
        "embedding_size = 4\n[fit]\nepochs = 2\nbatch_size = 4\nwindow = 16\n"
        "learning_rate = 0.02\n[evaluate]\nngrams = [1, 2]\nsamples = 1\nsample_length = 20\n",
        "running",
        "prompts.txt",
        "new.txt",
        more=(("complete", "run", "the cat", "--length", "20", "--seed", "3"),),
    ),
    "encoder_decoder": Case(
        'family = "encoder_decoder"\n[data]\ntrain = ["data.src", "data.tgt"]\n'
        'unit = "characters"\n[model]\ncell = "lstm"\nunits = [6]\nembedding_size = 4\n'
        + TEXT_FIT
        + '[evaluate]\nmetrics = ["accuracy_at_1", "character_error_rate"]\nbeam_width = 2\n'
        "max_length = 8\n",
        "pairs",
        "new.txt",
        "new.csv",
    ),
    "encoder_decoder_relative": Case(
        'family = "encoder_decoder"\n[data]\ntrain = ["data.src", "data.tgt"]\n'
        'unit = "characters"\n[model]\ncell = "gru"\nunits = [6]\nembedding_size = 4\n'
        'attention = "relative"\nreach = 2\ntied = false\n'
        + TEXT_FIT
        + '[evaluate]\nmetrics = ["accuracy_at_1", "character_error_rate"]\nbeam_width = 2\n'
        "max_length = 8\n",
        "pairs",
        "new.txt",
        "new.csv",
    ),
    "sequence_classification": Case(
        'family = "sequence_classification"\n[data]\ntrain = "data.csv"\nid_col = "path"\n'
        'label_col = "kind"\n[model]\ncell = "gru"\nunits = [4]\n' + TEXT_FIT,
        "paths",
        "new.csv",
        "new.csv",
    ),
    "image_classification": Case(
        'family = "image_classification"\n[data]\ntrain = "data"\n[model]\npreset = "gru"\n'
        "units = [4]\n" + TEXT_FIT,
        "pictures",
        "new",
        "new",
    ),
    "speech_recognition": Case(
        'family = "speech_recognition"\n[data]\ntrain = "data.csv"\n[model]\nunits = [4]\n'
        "convolutions = [4]\nbands = 8\nattend_bands = true\n" + TEXT_FIT + "[evaluate]\n"
        'language_model = "characters"\nweights = [0.5]\nbonuses = [0.0]\nbeam_width = 2\n',
        "recordings",
        "new.csv",
        "new.csv",
    ),
    "music": Case(
        'family = "music"\n[data]\ntrain = "data.abc"\nframes_per_beat = 2\n[model]\n'
        "units = [6]\nhidden = 4\nrepeats = [8]\n[fit]\nepochs = 2\nsteps_per_epoch = 2\n"
        "batch_size = 4\nlearning_rate = 0.02\n[evaluate]\nlength = 12\n",
        "tunes",
        "new.abc",
        "new.abc",
    ),
    "captioning": Case(
        'family = "captioning"\n[data]\ntrain = "data"\nheight = 8\nwidth = 8\n[model]\n'
        'attention = "multiplicative"\nunits = [6]\nembedding_size = 4\nfilters = [4]\n'
        + TEXT_FIT
        + '[evaluate]\nmetrics = ["exact_match", "word_accuracy"]\n',
        "captioned",
        "new",
        "new",
    ),
    "memory": Case(
        'family = "memory"\n[data]\nproblem = "adding"\nlags = [3, 4]\n[model]\n'
        'cells = ["gru_skips", "simple_rnn_identity"]\nunits = [3]\n[fit]\nepochs = 1\n'
        "steps_per_epoch = 2\nbatch_size = 4\n[evaluate]\nsize = 20\n",
        "none",
    ),
}


def write_data(case: Case, folder: Path) -> None:
    """Write the recipe and the data of a case; the same numbers every time."""
    (folder / "recipe.toml").write_text(case.recipe, encoding="utf-8")
    for name, content in DATA[case.data]().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _table(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def _days(count: int) -> list[str]:
    return [str(day) for day in np.datetime64("2024-01-01") + np.arange(count)]


def _two_series() -> dict[str, str]:
    def rows(steps: int, seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [
            f"{name},{day},{level + 3 * np.sin(at / 6 * 2 * np.pi) + rng.normal(0, 0.5):.2f}"
            for name, level in (("north", 20), ("south", 40))
            for at, day in enumerate(_days(steps))
        ]

    header = "unique_id,ds,y"
    return {"data.csv": _table(header, rows(60, 1)), "new.csv": _table(header, rows(40, 2))}


def _covariates() -> dict[str, str]:
    def rows(steps: int, seed: int) -> list[str]:
        rng, ahead, found = np.random.default_rng(seed), 3, []
        for name, town in (("north", "Aa"), ("south", "Bree")):
            for at, day in enumerate(_days(steps)):
                promo, price = rng.integers(2), rng.normal(5, 1)
                known = at < steps - ahead
                sky = ("sun" if rng.integers(2) else "rain") if known else ""
                y = f"{50 + 10 * promo + rng.normal():.2f}" if known else ""
                promoted = "leaflet" if promo else "nothing"
                found.append(f"{name},{day},{y},{sky},{promoted},{price:.2f},{town}")
        return found

    header = "unique_id,ds,y,sky,promo,price,town"
    return {"data.csv": _table(header, rows(60, 1)), "new.csv": _table(header, rows(40, 2))}


def _sentences(count: int, seed: int) -> list[tuple[str, str, str, str]]:
    rng = np.random.default_rng(seed)
    words = (["Ann", "Bob", "Cem"], ["likes", "hates"], ["good", "bad", "old"], ["tea", "rice"])
    return [tuple(str(rng.choice(part)) for part in words) for _ in range(count)]


def _classified() -> dict[str, str]:
    def rows(count: int, seed: int) -> list[str]:
        kinds = {"likes": "positive", "hates": "negative"}
        return [f"{' '.join(row)}.,{kinds[row[1]]}" for row in _sentences(count, seed)]

    header = "text,label"
    return {"data.csv": _table(header, rows(80, 1)), "new.csv": _table(header, rows(10, 2))}


def _tagged() -> dict[str, str]:
    def text(count: int, seed: int) -> str:
        tags = ("B-PER", "O", "B-FOOD", "I-FOOD")
        pairs = [zip(row, tags, strict=True) for row in _sentences(count, seed)]
        return "\n\n".join("\n".join(" ".join(pair) for pair in row) for row in pairs) + "\n"

    return {"data.conll": text(60, 1), "new.conll": text(8, 2)}


def _running() -> dict[str, str]:
    def text(count: int, seed: int) -> str:
        return ". ".join(" ".join(row).lower() for row in _sentences(count, seed)) + ".\n"

    return {
        "data.txt": text(120, 1),
        "new.txt": text(20, 2),
        "prompts.txt": "ann likes\nbob\n",
    }


def _pairs() -> dict[str, str]:
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcd"), rng.integers(2, 5))) for _ in range(130)]
    train, new = words[:120], words[120:]
    return {
        "data.src": "\n".join(train) + "\n",
        "data.tgt": "\n".join(word[::-1] for word in train) + "\n",
        "new.txt": "\n".join(new) + "\n",
        "new.csv": _table("source,target", [f"{word},{word[::-1]}" for word in new]),
    }


def _paths() -> dict[str, str]:
    def rows(count: int, seed: int) -> list[str]:
        rng, found = np.random.default_rng(seed), []
        for number in range(count):
            kind, way = list({"up": 1, "down": -1}.items())[number % 2]
            for step in range(rng.integers(5, 9)):
                x, y = step + rng.normal(0, 0.3), way * step + rng.normal(0, 0.3)
                found.append(f"{seed}-{number},{step},{x:.2f},{y:.2f},{kind}")
        return found

    header = "path,step,x,y,kind"
    return {"data.csv": _table(header, rows(40, 1)), "new.csv": _table(header, rows(8, 2))}


def _picture(above: int, below: int, rng: np.random.Generator) -> bytes:
    """Eight by eight pixels in two shades, as a PNG file."""
    from PIL import Image

    pixels = np.repeat([above, below], 4)[:, None] + rng.integers(0, 30, (8, 8))
    file = io.BytesIO()
    Image.fromarray(pixels.astype("uint8")).save(file, "PNG")
    return file.getvalue()


SHADES = {"sky": (200, 20), "snow": (20, 200)}


def _pictures() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    return {
        f"{part}/{label}/{number}.png": _picture(*shades, rng)
        for part, count in (("data", 12), ("new", 3))
        for label, shades in SHADES.items()
        for number in range(count)
    }


def _captioned() -> dict[str, Any]:
    rng, files = np.random.default_rng(1), dict[str, Any]()
    for part, count in (("data", 16), ("new", 4)):
        rows = []
        for number in range(count):
            label = list(SHADES)[number % 2]
            files[f"{part}/{number}.png"] = _picture(*SHADES[label], rng)
            rows.append(f"{number}.png,a picture of {label}")
        files[f"{part}/captions.csv"] = _table("image,caption", rows)
    return files


def _recordings() -> dict[str, Any]:
    import wave

    rng, files = np.random.default_rng(1), dict[str, Any]()
    time = np.arange(SPEECH_RATE // 8) / SPEECH_RATE
    for part, count in (("data", 24), ("new", 4)):
        rows = []
        for number in range(count):
            text = "".join(rng.choice(list(SPEECH_PITCHES), rng.integers(1, 3)))
            tones = [np.sin(2 * np.pi * SPEECH_PITCHES[one] * time) for one in text]
            sound = np.concatenate([part for tone in tones for part in (tone, 0 * time)])
            file = io.BytesIO()
            with wave.open(file, "wb") as written:
                written.setparams((1, 2, SPEECH_RATE, 0, "NONE", ""))
                written.writeframes((9000 * sound).astype("<i2").tobytes())
            files[f"{part}/{number}.wav"] = file.getvalue()
            rows.append(f"{part}/{number}.wav,{text}")
        files[f"{part}.csv"] = _table("file,text", rows)
    return files


def _tunes() -> dict[str, str]:
    def text(count: int, seed: int) -> str:
        rng = np.random.default_rng(seed)
        heads = (f"X:{number}\nT:tune {number}\nM:4/4\nL:1/8\nK:C\n" for number in range(count))
        return "\n".join(head + " ".join(rng.choice(list("CDEFGAB"), 24)) + "\n" for head in heads)

    return {"data.abc": text(10, 1), "new.abc": text(3, 2)}


DATA = {
    "series": _two_series,
    "covariates": _covariates,
    "classified": _classified,
    "tagged": _tagged,
    "running": _running,
    "pairs": _pairs,
    "paths": _paths,
    "pictures": _pictures,
    "captioned": _captioned,
    "recordings": _recordings,
    "tunes": _tunes,
    "none": dict,
}


def krr(*arguments: str) -> str:
    """Run a command in this process and return what it printed.

    ``python -m keras_rnn_recipes`` is the entry point that no restructuring may move.
    """
    from keras_rnn_recipes.__main__ import main

    printed, complaints = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["krr", *arguments]
    status: Any = 0
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complaints):
            main()
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.argv = before
    assert status == 0, f"krr {' '.join(arguments)}: status {status}\n{complaints.getvalue()}"
    return printed.getvalue()


def numbers_of(printed: str, name: str) -> list[float]:
    """The numbers in the line of a model in a printed table; words around them may change."""
    line = next(row for row in printed.splitlines() if row.strip("| ").startswith(name))
    cells = re.sub(r"[,*]", "", line.strip("| ")[len(name) :])
    return [float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", cells)]


def model_questions(model: Any) -> dict[str, np.ndarray]:
    """A fixed input for each input of a Keras model, by name."""
    rng, questions = np.random.default_rng(0), {}
    for tensor in model.inputs:
        # A horizon of 3 after a history of 12.
        time = 15 if tensor.name == "future" else 12
        shape = [2, *(time if size is None else size for size in tensor.shape[1:])]
        if "int" in str(tensor.dtype):
            questions[tensor.name] = rng.integers(1, 5, shape).astype("int32")
        elif tensor.name in ("future", "static"):
            # Codes of categories stand between the numbers.
            questions[tensor.name] = rng.integers(0, 2, shape).astype("float32")
        else:
            questions[tensor.name] = rng.normal(20, 3, shape).astype("float32")
    if "history" in questions and questions["history"].shape[2] > 1:
        questions["history"][:, :, 1:] = 1  # the code of a category
    return questions


def ask_model(model: Any, questions: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs of a Keras model, one array each."""
    import tensorflow as tf

    given = [tf.constant(questions[tensor.name]) for tensor in model.inputs]
    named = isinstance(model.input, dict)
    names = [tensor.name for tensor in model.inputs]
    inputs = dict(zip(names, given, strict=True)) if named else given
    answers = model(inputs if named or len(given) > 1 else given[0], training=False)
    return [np.asarray(one) for one in tf.nest.flatten(answers)]


def served_questions(signatures: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """A fixed input for each endpoint of a SavedModel, by its signature alone."""
    return {
        endpoint: {
            name: _served_question(name, spec)
            for name, spec in sorted(signature.structured_input_signature[1].items())
        }
        for endpoint, signature in sorted(signatures.items())
    }


def _served_question(name: str, spec: Any) -> np.ndarray:
    fixed = {"length": 12, "temperature": 0.7, "seed": 5, "rate": SPEECH_RATE, "position": 3}
    fixed |= {"start_length": 4, "transpose": 2}
    if name in fixed:
        shape = [2 if size is None else size for size in spec.shape]
        return np.full(shape, fixed[name], spec.dtype.as_numpy_dtype)
    if name == "image":
        return np.arange(2 * 9 * 8 * 3).reshape(2, 9, 8, 3).astype(spec.dtype.as_numpy_dtype)
    if name == "file":
        rng = np.random.default_rng(1)
        return np.array([_picture(*shades, rng) for shades in SHADES.values()], object)
    if spec.dtype.name == "string":
        return np.array([b"Ann likes bad tea", b"abc", b"bob"])
    rng = np.random.default_rng(1)
    time = 15 if name == "future" else 12
    shape = [2, *(time if size is None else size for size in spec.shape[1:])]
    if name == "history":
        values = rng.normal(20, 3, shape).astype("float32")
        values[0, 3] = np.nan
        return values
    return rng.integers(0, 2, shape).astype("float32")


def ask_served(function: Any, questions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The answers of an endpoint, by name."""
    import tensorflow as tf

    given = {name: tf.constant(values) for name, values in questions.items()}
    return {name: np.asarray(values) for name, values in function(**given).items()}


def to_plain(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON can hold it, strings as text."""
    if array.dtype.kind in "OS":
        flat = [one.decode("utf-8", "surrogateescape") for one in array.astype(object).flat]
        return {"dtype": "string", "shape": list(array.shape), "values": flat}
    return {
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        # Nine digits hold a float32 exactly.
        "values": [float(f"{v:.9g}") if array.dtype.kind == "f" else int(v) for v in array.flat],
    }


def to_array(plain: Mapping[str, Any]) -> np.ndarray:
    """The array that `to_plain` wrote."""
    if plain["dtype"] == "string":
        flat = [text.encode("utf-8", "surrogateescape") for text in plain["values"]]
        return np.array(flat, object).reshape(plain["shape"])
    return np.array(plain["values"], plain["dtype"]).reshape(plain["shape"])


def registered_names() -> list[str]:
    """The names under which this package's layers and functions are known to Keras."""
    import keras

    import keras_rnn_recipes
    import keras_rnn_recipes.layers  # registers the layers

    # What training registers comes with the public names that need it.
    for name in keras_rnn_recipes.__all__:
        getattr(keras_rnn_recipes, name)
    names = keras.saving.get_custom_objects()
    return sorted(name for name in names if name.startswith(f"{PACKAGE}>"))
