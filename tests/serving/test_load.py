"""SavedModels under load and with odd inputs: threads, many calls, sizes, text that is no text."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from builders.cases import positive, shared_forecaster
from families import (
    test_encoder_decoder,
    test_language_model,
    test_tagging,
    test_text_classification,
)

from keras_rnn_recipes.serving.export_forecaster import export_saved_model
from keras_rnn_recipes.serving.export_text import export_text_model
from keras_rnn_recipes.serving.saved_forecaster import load_saved_model
from keras_rnn_recipes.serving.saved_text import (
    SavedClassifier,
    SavedEncoderDecoder,
    SavedLanguageModel,
    SavedTagger,
)

pytestmark = pytest.mark.slow

STRATEGIES = ("direct", "seq2seq", "recursive")

# Text with NUL, bytes that are not UTF-8, half a surrogate pair, marks without a letter, spaces.
ODD = (
    b"so\0good",
    b"\xff\xfe so bad",
    b"\xed\xa0\x80",
    "\u0301\u0301".encode(),
    b"",
    b" \n\t",
    b"\0",
)


@pytest.fixture(scope="module")
def forecasters(tmp_path_factory):
    """A forecaster of three steps loaded from disk, for each strategy."""
    folder = tmp_path_factory.mktemp("load")
    models = {strategy: shared_forecaster("gru", strategy) for strategy in STRATEGIES}
    return {
        name: load_saved_model(export_saved_model(model, folder / name, verify=False))
        for name, model in models.items()
    }


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """A function from texts to answers for each family of texts, loaded from disk."""
    folder = tmp_path_factory.mktemp("texts")
    classes = {
        "text_classification": (test_text_classification, SavedClassifier),
        "tagging": (test_tagging, SavedTagger),
        "encoder_decoder": (test_encoder_decoder, SavedEncoderDecoder),
        "language_model": (test_language_model, SavedLanguageModel),
    }
    found = {}
    for name, (module, loaded) in classes.items():
        path = export_text_model(module.small(), folder / name, samples=["a"], verify=False)
        found[name] = loaded(path)
    found["language_model"] = partial(found["language_model"].complete, length=4)
    return found


def memory() -> int:
    """Bytes of memory that the process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_eight_threads_get_the_answers_of_one(forecasters, strategy):
    saved = forecasters[strategy]
    histories = [positive(time=3 + n % 17, batch=1 + n % 5, seed=n)[:, :, 0] for n in range(64)]
    alone = [saved(history) for history in histories]
    with ThreadPoolExecutor(8) as pool:
        for number, answer in enumerate(pool.map(saved, histories)):
            np.testing.assert_allclose(answer, alone[number], rtol=1e-6)


@pytest.mark.slow
def test_eight_threads_of_texts(texts):
    given = [["so good", "a b"][: 1 + n % 2] for n in range(32)]
    for name, model in texts.items():
        alone = [str(model(one)) for one in given]
        with ThreadPoolExecutor(8) as pool:
            assert list(map(str, pool.map(model, given))) == alone, name


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_two_thousand_calls_take_no_more_memory(forecasters, texts):
    saved, classify = forecasters["seq2seq"], texts["text_classification"]
    # Two thousand answers are 50 kB; a leak of a graph or a trace in each call is far more.
    for call in (lambda n: saved(positive(time=2 + n % 40, batch=1 + n % 7)[:, :, 0]),
                 lambda n: classify(["so good " * (1 + n % 9)] * (1 + n % 7))):  # fmt: skip
        for number in range(300):
            call(number)
        gc.collect()
        before = memory()
        for number in range(2000):
            call(number)
        gc.collect()
        assert memory() - before < 30 * 2**20


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_batches_of_none_one_and_ten_thousand(forecasters, strategy):
    saved = forecasters[strategy]
    assert saved(np.zeros((0, 5))).shape == (0, 3)
    assert saved.forecast_windows(np.zeros((0, 5, 1))).shape == (0, 3)
    histories = positive(time=6, batch=10_000)[:, :, 0]
    together = saved(histories)
    assert together.shape == (10_000, 3)
    for number in (0, 1, 4999, 9999):
        one = saved(histories[number : number + 1])
        np.testing.assert_allclose(one[0], together[number], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_histories_of_one_step_and_of_a_hundred_thousand(forecasters, strategy):
    saved = forecasters[strategy]
    assert np.isfinite(saved([[5.0]])).all()
    long = positive(time=100_000, batch=1)[:, :, 0]
    answer = saved(long)
    assert answer.shape == (1, 3) and np.isfinite(answer).all()
    assert answer.min() > 0 and answer.max() < 10  # the values lie between 1 and 6


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_infinite_value_spoils_no_other_history(forecasters, strategy):
    saved = forecasters[strategy]
    histories = positive(time=8, batch=3)[:, :, 0]
    for value in (np.inf, -np.inf, 3e38, -3e38):
        spoiled = histories.copy()
        spoiled[1, 4] = value
        answer, clean = saved(spoiled), saved(histories)
        np.testing.assert_allclose(answer[[0, 2]], clean[[0, 2]], rtol=1e-6)
        # It is a value that no forecast can be made from, and the forecast says so.
        if np.isinf(value):
            assert not np.isfinite(answer[1]).any()


@pytest.mark.slow
def test_no_texts_have_no_answers(texts):
    found = texts["text_classification"]([])
    assert found["label"] == [] and found["probabilities"].shape == (0, 3)
    assert texts["tagging"]([]) == []
    assert texts["encoder_decoder"]([])[0] == [] and len(texts["encoder_decoder"]([])[1]) == 0
    assert texts["language_model"]([]) == []


@pytest.mark.slow
def test_ten_thousand_texts(texts):
    given = ["so good", "so bad a b"] * 5000
    for name in ("text_classification", "tagging"):
        few, many = texts[name](given[:2]), texts[name](given)
        if name == "tagging":
            assert many == few * 5000
        else:
            assert many["label"] == few["label"] * 5000


@pytest.mark.slow
def test_a_text_of_a_hundred_thousand_letters(texts):
    assert len(texts["text_classification"](["good " * 20_000])["label"]) == 1
    assert len(texts["tagging"](["good " * 2_000])[0]) == 2_000


@pytest.mark.slow
@pytest.mark.parametrize("text", ODD)
def test_text_with_nul_and_invalid_bytes_is_answered(texts, text):
    answer = texts["text_classification"]([text, "so good"])
    assert answer["label"][1] == texts["text_classification"](["so good"])["label"][0]
    assert np.isfinite(answer["probabilities"]).all()
    for name in ("tagging", "encoder_decoder", "language_model"):
        alone = texts[name](["so good"])
        found = texts[name]([text, "so good"])
        if name == "encoder_decoder":
            found, alone = found[0], alone[0]
        assert found[1] == alone[0]
