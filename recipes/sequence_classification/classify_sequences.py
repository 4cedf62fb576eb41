"""Classify sequences of vectors with a recurrent network, and compare it with baselines.

Run by `krr run RECIPE`, or by itself: `python classify_sequences.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import sequence_classification


def main(config, run):
    """Fit, evaluate and save the classifier that ``config`` describes, into the folder ``run``."""
    # Sequences of unequal length with labels, in a training, a validation and a test part.
    parts = sequence_classification.load(config.data, seed=config.fit.seed)
    classes = sequence_classification.class_names(parts.train.labels)
    print(sequence_classification.describe(parts, classes))
    network, training, name = config.model, config.fit, config.model.cell
    run.write_config(config)
    run.write_json("classes.json", sequence_classification.classes_record(classes, parts.train))

    # Batches of sequences of similar length, padded with NaN on the right.
    truth = sequence_classification.number_labels(parts.test, classes, "the test part")
    batches = partial(
        krr.bucketed_batches,
        parts.train.values,
        **sequence_classification.targets(parts.train, classes, config),
        batch_size=training.batch_size,
        seed=training.seed,
        padding=float("nan"),
        repeat=True,
    )
    watched = krr.bucketed_batches(
        parts.valid.values,
        **sequence_classification.targets(parts.valid, classes, config, "the validation part"),
        batch_size=training.batch_size,
        padding=float("nan"),
        shuffle=False,
    )

    # The network takes raw numbers: it finds the real steps, fills missing values and scales them.
    # For waveforms, skeletons and the frames of videos it has a layer that prepares them.
    front_end = sequence_classification.front_end(network, parts.train)
    model = sequence_classification.sequence_classifier(
        parts.train.shape,
        len(classes),
        front_end=front_end,
        statistics=sequence_classification.statistics(parts.train, front_end),
        **network.options(),
    )
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(parts.train),
        config=training,
        run=run,
        loss=sequence_classification.loss(training.label_smoothing),
    )
    run.write_model(model)

    # Sequences in, probabilities out: the network and its baselines.
    classifier = sequence_classification.Pipeline(
        model, classes, parts.train.channels, parts.train.rate
    )
    baselines = sequence_classification.fit_baselines(parts, classes, config, front_end)
    answers = {
        one: classify(parts.test.values)
        for one, classify in {name: classifier, **baselines}.items()
    }
    scores = sequence_classification.score(truth, answers, metrics=config.evaluate.metrics)
    record = sequence_classification.results_record(
        scores, model, history, name=name, task=config.family
    )
    run.write_csv(
        "predictions.csv", sequence_classification.predictions_table(parts.test, classes, answers)
    )
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    sequence_classification.export_model(
        classifier, run.path / "saved_model", samples=parts.test.values
    )
    run.write_environment(training.seed)
    at_steps = classifier.steps(parts.test.values) if network.every_step else None
    sequence_classification.write_report(
        run.path, parts.test, truth, answers, classes, at_steps=at_steps
    )
    print(sequence_classification.results_table(record, name=name, metric=config.evaluate.deciding))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
