"""The JSON of the serving guide against the endpoints that are exported: names, shapes, types.

TensorFlow Serving itself is no dependency. Its rules, from its REST reference: a request has
``inputs``, by column, or ``instances``, by row; an only output is returned without its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from docs.pages import read

import keras_rnn_recipes as krr
from keras_rnn_recipes.builders.image_classifier import image_classifier
from keras_rnn_recipes.families import (
    encoder_decoder,
    image_classification,
    language_model,
    tagging,
    text_classification,
)
from keras_rnn_recipes.serving.export_forecaster import describe_served, endpoint_function

HORIZON = 3
SECTIONS = re.findall(
    r"^### ([^\n]+)\n(.*?)(?=^##)",
    read("docs/guides/serving.md").split("\n## TensorFlow Serving\n")[1].split("\n## ONNX\n")[0]
    + "##",
    flags=re.MULTILINE | re.DOTALL,
)


def exchanges() -> list[Any]:
    """Each section's requests and responses, in pairs."""
    found = []
    for title, text in SECTIONS:
        shown = re.findall(r"^```json title=\"(\w+)\"\n(.*?)^```$", text, flags=re.M | re.S)
        kinds = [kind for kind, _ in shown]
        assert kinds == ["request", "response"] * (len(shown) // 2)
        bodies = [json.loads(body) for _, body in shown]
        pairs = zip(bodies[::2], bodies[1::2], strict=True)
        found += [pytest.param(title, *pair, id=f"{title} {n}") for n, pair in enumerate(pairs)]
    return found


def forecaster(**options: Any) -> dict[str, Any]:
    model = krr.lstm("direct", HORIZON, units=2, **options)
    return {"serve": endpoint_function(describe_served(model))}


def characters(*texts: str, ends: bool = False) -> Any:
    return krr.fit_tokenizer(texts, krr.Preparation(unit="characters", lower=False, ends=ends))


def classifier() -> dict[str, Any]:
    tokenizer = krr.fit_tokenizer(["a fine film", "dull"], krr.Preparation())
    model = krr.text_classifier(len(tokenizer.vocabulary), 2, units=2, embedding_size=2)
    pipeline = text_classification.Pipeline(tokenizer, model, ("negative", "positive"))
    return pipeline.endpoints()


def tagger() -> dict[str, Any]:
    words = krr.fit_tokenizer(["Jordan lives"], krr.Preparation(unit="whitespace"))
    tags = ("B-LOC", "B-PER", "O")
    model = krr.sequence_tagger(len(words.vocabulary), len(tags), units=2, embedding_size=2)
    return tagging.Pipeline(words, None, model, tags).endpoints()


def writer() -> dict[str, Any]:
    tokenizer = characters("The while statement")
    model = krr.language_model(len(tokenizer.vocabulary), units=4, embedding_size=4)
    return language_model.Pipeline(tokenizer, model).endpoints()


def translator() -> dict[str, Any]:
    digits = characters("0123456789", ends=True)
    size = len(digits.vocabulary)
    model = krr.encoder_decoder(size, size, units=4, embedding_size=4)
    search = encoder_decoder.Search(beam_width=2, max_length=6)
    return encoder_decoder.Pipeline(digits, digits, model, search).endpoints()


def image_reader() -> dict[str, Any]:
    model = image_classifier((8, 8, 1), 3, preset="gru", units=4)
    return image_classification.Pipeline(model, ("0", "1", "2")).endpoints()


ENDPOINTS: dict[str, Callable[[], dict[str, Any]]] = {
    "Forecaster": forecaster,
    "Text classification": classifier,
    "Tagging": tagger,
    "Language model": writer,
    "Encoder and decoder": translator,
    "Image classification": image_reader,
}


def answer(request: dict[str, Any], endpoints: dict[str, Any]) -> dict[str, Any]:
    """What the server returns: the rules of its REST reference, over a live endpoint."""
    function, signature = endpoints[request.get("signature_name", "serve")]
    by_row = "instances" in request
    given = request["instances" if by_row else "inputs"]
    if by_row:
        given = {signature[0].name: given}
    specs = {spec.name: spec for spec in signature}
    assert given.keys() == specs.keys()
    tensors = {name: tf.constant(value, specs[name].dtype) for name, value in given.items()}
    for name, tensor in tensors.items():
        assert specs[name].is_compatible_with(tensor), name
    outputs = {name: np.asarray(value) for name, value in function(**tensors).items()}
    if len(outputs) == 1:
        (only,) = outputs.values()
        return {"predictions" if by_row else "outputs": only}
    assert not by_row
    return {"outputs": outputs}


def forms(response: dict[str, Any]) -> dict[str, tuple[tuple[int, ...], str]]:
    """By output, its shape and whether it holds numbers or strings."""
    ((kind, outputs),) = response.items()
    named = outputs if isinstance(outputs, dict) else {"": outputs}
    arrays = {name: np.asarray(value) for name, value in named.items()}
    return {
        f"{kind}.{name}": (one.shape, "number" if one.dtype.kind == "f" else "string")
        for name, one in arrays.items()
    }


@pytest.mark.parametrize("title, request_body, response", exchanges())
def test_requests_and_responses_fit_the_endpoints(title, request_body, response):
    endpoints = ENDPOINTS[title]()
    if title == "Forecaster" and isinstance(response.get("outputs"), dict):
        endpoints = forecaster(quantiles=[80])
    assert forms(answer(request_body, endpoints)) == forms(response)


def test_every_family_that_is_served_is_shown():
    assert [title for title, _ in SECTIONS] == list(ENDPOINTS)
    assert len(exchanges()) == 9
