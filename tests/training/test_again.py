"""A network trained again from its first weights is as good as a new one of the same seed."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from training.toy import toy_batches, toy_model, toy_valid

from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training import again as module, loop
from keras_rnn_recipes.training.again import untrained
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds

CONFIG = FitConfig(epochs=3, steps_per_epoch=4, batch_size=8)


@pytest.fixture
def compiled(monkeypatch):
    """The models that `fit` compiled, in order; only those are traced."""
    found, compiling = [], loop._compile

    def record(model, *rest):
        found.append(model)
        compiling(model, *rest)

    monkeypatch.setattr(loop, "_compile", record)
    return found


def new_model(**options):
    set_seeds(3)
    return toy_model(**options)


def trained(model, num_windows, valid=None, config=CONFIG, run=None, **options):
    batches = toy_batches(num_windows)
    options = {"num_windows": num_windows, "config": config, "run": run, **options}
    return fit(model, batches, valid, **options).drop(columns="seconds")


def assert_same_weights(one, other):
    for found, expected in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_it_learns_the_same_from_other_data_bit_for_bit_dropout_included(cell, compiled):
    model, fresh = new_model(cell=cell), new_model(cell=cell)
    expected = trained(fresh, 40, last_epoch=2)
    trained(model, 50, toy_valid())
    found = trained(untrained(model), 40, last_epoch=2)
    assert found.equals(expected)
    assert_same_weights(model, fresh)
    assert compiled == [fresh, model]
    same = [(a.numpy() == b.numpy()).all() for a, b in both_optimizers(model, fresh)]
    assert len(same) > 4 and all(same)


def both_optimizers(one, other):
    return zip(one.optimizer.variables, other.optimizer.variables, strict=True)


def test_a_third_time_too(compiled):
    model = new_model()
    first = trained(model, 50)
    for _ in range(2):
        assert trained(untrained(model), 50).equals(first)
    assert len(compiled) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"config": CONFIG.model_copy(update={"learning_rate": 0.1})},
        {"config": CONFIG.model_copy(update={"loss": "mse"})},
        {"config": CONFIG.model_copy(update={"steps_per_epoch": 7})},
        {"loss": "mean_squared_logarithmic_error"},
    ],
)
def test_with_other_options_it_is_compiled_again(options, compiled):
    model, fresh = new_model(), new_model()
    trained(model, 50)
    found = trained(untrained(model), 50, **options)
    assert found.equals(trained(fresh, 50, **options))
    assert compiled == [model, model, fresh]


def test_without_that_fit_trains_on_as_ever(compiled):
    model = new_model()
    trained(model, 50)
    before = model.get_weights()
    trained(model, 50)
    assert compiled == [model, model]
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert_same_weights(untrained(model), new_model())


def test_a_model_that_was_never_trained_stays_as_it_is(compiled):
    model = new_model()
    assert untrained(model) is model
    assert_same_weights(model, new_model())
    trained(model, 50)
    assert compiled == [model]


def test_the_gradient_flow_is_measured_again_by_the_same_function(tmp_path, monkeypatch):
    made, flow = [], loop.GradientWatch

    def record(*args, **options):
        made.append(flow(*args, **options))
        return made[-1]

    monkeypatch.setattr(loop, "GradientWatch", record)
    model = new_model()
    run = RunDirectory.open(tmp_path / "run")
    trained(model, 50, run=run)
    trained(untrained(model), 40, run=run.part("refit"))
    assert len(made) == 2 and made[0].flow is made[1].flow
    assert made[0].flow._traced.experimental_get_tracing_count() == 1
    first, second = (one.flows for one in made)
    # The batches differ, and the network is the same before its training.
    assert first["lag"].tolist() == second["lag"].tolist()
    assert not first["norm"].equals(second["norm"])


def test_nothing_of_it_is_saved(tmp_path):
    model = new_model()
    trained(model, 50)
    assert hasattr(model, module._NAME)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not hasattr(loaded, module._NAME)
    assert_same_weights(loaded, model)
