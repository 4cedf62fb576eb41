"""The linear classifier of n-grams, and its mixture with a network."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import text_classifier
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.text_classification import (
    ClassificationConfig,
    ClassifierConfig,
    TextDataConfig,
)
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import text_classification
from keras_rnn_recipes.families.text_classification import mixture as mixtures, ngrams
from keras_rnn_recipes.reporting.format import verdict
from keras_rnn_recipes.serving.export_text import ODD_TEXTS, export_text_model
from keras_rnn_recipes.serving.saved_text import SavedClassifier
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.reading import LabelledTexts
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

WORDS = [f"w{number}" for number in range(20)]


def draw(number, classes):
    """Texts in which a word of each class is frequent, and their classes."""
    random = np.random.default_rng(number)
    labels = np.arange(number) % classes
    texts = [
        [*random.choice(WORDS, random.integers(2, 9)), random.choice([f"class{k}", "any"])]
        for k in labels
    ]
    return [" ".join(random.permutation(text)) for text in texts], labels


def drawn(train, valid, classes):
    """Texts and labels of two parts, and a tokenizer that knows all words."""
    parts = draw(train, classes), draw(valid, classes)
    texts, labels = zip(*parts, strict=True)
    return texts, labels, fit_tokenizer([text for part in texts for text in part], Preparation())


def n_grams(text, longest, characters):
    words = text.split()
    pairs = [(words, size) for size in range(1, longest + 1)]
    pairs += [([*f"<{word}>"], size) for word in words for size in range(3, characters + 1)]
    return {
        (row is words, *row[k : k + size])
        for row, size in pairs
        for k in range(len(row) - size + 1)
    }


def by_hand(texts, labels, classes, longest, characters, inverse_penalty):
    """Logits of the second part by a matrix with a column for each n-gram, and scikit-learn."""
    from sklearn.linear_model import LogisticRegression

    found = [[n_grams(text, longest, characters) for text in part] for part in texts]
    columns = {one: k for k, one in enumerate(sorted(set().union(*found[0])))}
    train, valid = (
        np.array([[one in row for one in columns] for row in part], float) for part in found
    )
    logits = np.zeros((len(valid), classes))
    for k in range(1 if classes == 2 else 0, classes):
        is_class = labels[0] == k
        inside, outside = (1 + train[rows].sum(axis=0) for rows in (is_class, ~is_class))
        ratio = np.log(inside / inside.sum() / (outside / outside.sum()))
        model = LogisticRegression(C=inverse_penalty, solver="liblinear")
        model.fit(train * ratio, is_class)
        logits[:, k] = model.decision_function(valid * ratio)
    return logits


@pytest.mark.parametrize("texts, classes, rows", [(500, 2, 8192), (500, 2_000, 4096), (1, 2, 16)])
def test_a_table_has_a_row_for_each_n_gram_up_to_a_limit(texts, classes, rows):
    """Each text has seven words; of 2**23 numbers two thousand classes leave 4,194 rows."""
    several = [" ".join(WORDS[:7])] * texts
    tokenizer = fit_tokenizer(several, Preparation())
    labels = np.arange(texts) % 2, np.array([1])
    model = ngrams.fit_ngrams((several, several[:1]), labels, tokenizer, num_classes=classes)
    assert model.get_layer("ngrams").buckets == rows


@pytest.mark.parametrize("classes, longest, characters", [(2, 3, 0), (3, 2, 4)])
def test_the_logits_are_those_of_scikit_learn(monkeypatch, classes, longest, characters):
    monkeypatch.setattr(ngrams, "_PENALTIES", (0.5,))
    # Hardly any two n-grams share a row.
    monkeypatch.setattr(ngrams, "_CHARACTER_ROWS", 2**20)
    monkeypatch.setattr(ngrams, "_rows_for", lambda *args: 2**20)
    texts, labels, tokenizer = drawn(40, 20, classes)
    model = ngrams.fit_ngrams(
        texts, labels, tokenizer, num_classes=classes, longest=longest, characters=characters
    )
    expected = by_hand(texts, labels, classes, longest, characters, 0.5)
    found = mixtures._logits(model, tokenizer, texts[1])
    # The logits reach from -4 to 4; the solver stops at a tolerance.
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_the_penalty_with_the_lowest_loss_on_the_validation_part_is_kept(monkeypatch):
    texts, labels, tokenizer = drawn(60, 40, 2)

    def loss(penalties):
        monkeypatch.setattr(ngrams, "_PENALTIES", penalties)
        model = ngrams.fit_ngrams(texts, labels, tokenizer, num_classes=2)
        return log_loss(probabilities(model, tokenizer, texts[1]), labels[1])

    alone = [loss((penalty,)) for penalty in (1e-4, 1.0, 1e4)]
    assert loss((1e-4, 1.0, 1e4)) == pytest.approx(min(alone))


def test_a_class_without_a_training_text_is_never_the_answer():
    texts, labels, tokenizer = drawn(40, 10, 2)
    model = ngrams.fit_ngrams(texts, labels, tokenizer, num_classes=3)
    assert set(probabilities(model, tokenizer, texts[1]).argmax(axis=1)) <= {0, 1}


@pytest.mark.parametrize("characters", [0, 4])
def test_a_mixture_is_a_product_of_probabilities(characters):
    texts, labels, tokenizer = drawn(80, 60, 3)
    keras.utils.set_random_seed(0)
    network = text_classifier(len(tokenizer.vocabulary), 3, units=4)
    linear = ngrams.fit_ngrams(texts, labels, tokenizer, num_classes=3, characters=characters)
    parts = {"network": network, "n-grams": linear}
    model, told = mixtures.mixed(parts, tokenizer, texts[1], labels[1])
    first, second, both = (
        probabilities(one, tokenizer, texts[1]) for one in (network, linear, model)
    )
    share = model.get_layer("logits").share
    assert f"(weight {share:.0%}); mixture" in told
    # The network is not trained.
    assert share >= 0.5 and log_loss(both, labels[1]) < log_loss(first, labels[1])
    product = first ** (1 - share) * second**share
    np.testing.assert_allclose(both, product / product.sum(axis=1, keepdims=True), rtol=1e-4)


def test_a_share_differs_from_a_half_only_if_it_is_not_by_chance():
    random, texts = np.random.default_rng(0), 200
    shares = np.linspace(0, 1, 21)[:, None]
    noise = random.normal(size=texts)
    noise -= noise.mean()
    # The best share is 0.9; the standard error of the others' losses decides.
    slight, clear = ((shares - 0.9) ** 2 * (k + noise) for k in (0.02, 5))
    assert mixtures._nearest_to_equal(slight + 1) == 10
    assert mixtures._nearest_to_equal(clear + 1) == 18


def probabilities(model, tokenizer, texts):
    logits = mixtures._logits(model, tokenizer, texts).astype("float64")
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def log_loss(shares, labels):
    return -np.log(shares[np.arange(len(labels)), labels]).mean()


def recipe(**model):
    return ClassificationConfig(
        data=TextDataConfig(source="word_order"), model=ClassifierConfig(**model)
    )


@pytest.fixture(scope="module")
def mixed_parts():
    """A small mixture, and its parts."""
    texts = ("so good it is", "so bad", "good", "very bad", "日本 is far", "far it is") * 3
    rows = LabelledTexts(texts, ("good", "bad", "good", "bad", "far", "far") * 3)
    parts = TextParts("small", "text_classification", rows, rows, rows)
    tokenizer, classes = fit_tokenizer(texts, Preparation()), ("bad", "far", "good")
    keras.utils.set_random_seed(1)
    network = text_classifier(len(tokenizer.vocabulary), 3, units=5, bidirectional=True)
    model, alone = text_classification.add_parts(
        network,
        tokenizer,
        parts,
        classes,
        config=recipe(ngrams=2, character_ngrams=4, averaged=True),
    )
    return text_classification.Pipeline(tokenizer, model, classes), alone


def test_company_and_padding_change_no_answer_of_a_mixture(mixed_parts):
    classifier, alone = mixed_parts
    assert set(alone) == {"network_alone", "ngrams_alone", "averaged_embeddings"}
    found = {name: one(["so good", "far bad"]) for name, one in alone.items()}
    inner = next(one for one in classifier.model.layers if one.name == classifier.model.name)
    shares = [one.get_layer("logits").share for one in (inner, classifier.model)]
    nets = found["network_alone"] ** (1 - shares[0]) * found["averaged_embeddings"] ** shares[0]
    product = nets ** (1 - shares[1]) * found["ngrams_alone"] ** shares[1]
    product /= product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classifier(["so good", "far bad"]), product, rtol=1e-4)
    texts = ["so good", "", "so bad it is far far far", *ODD_TEXTS]
    together = classifier(texts)
    for number, text in enumerate(texts):
        np.testing.assert_allclose(classifier([text])[0], together[number], atol=1e-5)


@pytest.mark.slow
def test_a_served_mixture_takes_raw_strings(mixed_parts, tmp_path):
    # Written, loaded in a process where the package cannot be imported, compared, renamed.
    classifier, _ = mixed_parts
    path = export_text_model(classifier, tmp_path / "saved_model", samples=["so good"])
    texts = ["so good", "very bad", *ODD_TEXTS]
    found = SavedClassifier(path)(texts)
    np.testing.assert_allclose(found["probabilities"], classifier(texts), atol=1e-5)
    classifier.model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    loaded = text_classification.Pipeline(classifier.tokenizer, again, classifier.head)
    np.testing.assert_allclose(loaded(texts), classifier(texts), atol=1e-6)


def test_words_that_training_lacks_are_known_by_their_characters():
    train, valid = ["acting wonderful"] * 9 + ["acting dreadful"] * 9, ["wonderful", "dreadful"]
    labels = np.array([1] * 9 + [0] * 9), np.array([1, 0])
    tokenizer = fit_tokenizer(train, Preparation())
    model = ngrams.fit_ngrams((train, valid), labels, tokenizer, num_classes=2, characters=5)
    found = probabilities(model, tokenizer, ["wonderfully", "dreadfully"])
    assert found.argmax(axis=1).tolist() == [1, 0]


def test_without_n_grams_the_network_stays_as_it_is():
    network = object()
    config = recipe(ngrams=0)
    assert text_classification.add_parts(network, None, None, (), config=config) == (network, {})


@pytest.mark.parametrize("more", [{"character_ngrams": 4}, {"averaged": True}])
def test_a_mixture_without_n_grams_of_words_is_refused(more):
    (key,) = more
    with pytest.raises(UserError, match=f"model.{key} without model.ngrams"):
        config_from_dict(
            {"family": "text_classification", "data": {"source": "word_order"}, "model": more}
        )


def test_the_network_of_a_mixture_is_no_baseline_and_the_n_grams_are_one():
    scores = {"network_alone": {"accuracy": 0.9}, "ngrams_alone": {"accuracy": 0.7}}
    record = {"model": {"accuracy": 0.8}, "baselines": scores}
    kind, told = verdict("lstm_ngrams", record, "accuracy")
    assert kind == "better" and "n-grams alone" in told
