"""Classify images with a small network, and compare it with logistic regression on the pixels.

Run by `krr run RECIPE`, or by itself: `python classify_images.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import image_classification


def main(config, run):
    """Fit, evaluate and save the classifier that ``config`` describes, into the folder ``run``."""
    # Images with labels, in a training, a validation and a test part, all of one size.
    parts = image_classification.load(config.data, seed=config.fit.seed)
    classes = image_classification.class_names(parts)
    print(image_classification.describe(parts, classes))
    network, training, name = config.model, config.fit, config.model.preset
    run.write_config(config)
    run.write_json("classes.json", image_classification.pipeline_record(parts, classes))

    # Batches of images, in a new order every epoch.
    labels = image_classification.number_labels(parts.train.labels, classes, "the training part")
    watched_labels = image_classification.number_labels(
        parts.valid.labels, classes, "the validation part"
    )
    truth = image_classification.number_labels(parts.test.labels, classes, "the test part")
    batches = partial(
        image_classification.image_batches,
        parts.train.images,
        labels,
        weights=image_classification.class_weights(labels, training.class_weights),
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = image_classification.image_batches(
        parts.valid.images, watched_labels, batch_size=training.batch_size, shuffle=False
    )

    # The network maps an image to a logit for each class: dense, convolutional, or row by row.
    model = image_classification.build(parts, classes, network)
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(parts.train),
        config=training,
        run=run,
        loss=image_classification.loss(training.label_smoothing),
    )
    run.write_model(model)

    # Images of any size in, probabilities out: the network and its baselines.
    classifier = image_classification.Pipeline(model, classes)
    baselines = image_classification.fit_baselines(parts, classes, names=config.evaluate.baselines)
    answers = {
        one: classify(parts.test.images)
        for one, classify in {name: classifier, **baselines}.items()
    }
    scores = image_classification.score(truth, answers, metrics=config.evaluate.metrics)
    record = image_classification.results_record(
        scores, model, history, name=name, task=config.family
    )
    run.write_csv(
        "predictions.csv", image_classification.predictions_table(parts.test, classes, answers)
    )
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    image_classification.save_pipeline(
        classifier, run.path / "saved_model", samples=parts.test.images
    )
    run.write_environment(training.seed)
    image_classification.write_report(run.path, parts.test, truth, answers, classes)
    print(image_classification.results_table(record, name=name, metric=config.evaluate.deciding))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
