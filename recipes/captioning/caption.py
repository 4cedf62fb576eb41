"""Write a sentence for an image, and compare it with what needs no image.

Run by `krr run RECIPE`, or by itself: `python caption.py --config my.toml`.
"""

from __future__ import annotations

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import captioning


def main(config, run):
    """Fit, evaluate and save the captioner that ``config`` describes, into the folder ``run``."""
    # Images with their captions, in a training, a validation and a test part, all of one size.
    parts = captioning.load(config.data, seed=config.fit.seed)
    print(captioning.describe(parts))
    data, training, judging, name = config.data, config.fit, config.evaluate, config.model.cell

    # Tokenize with TensorFlow operations: the same ones are part of the exported graph.
    tokenizer = krr.fit_tokenizer(
        parts.train.texts(),
        data.preparation(),
        max_size=data.max_vocabulary,
        min_count=data.min_count,
    )
    print(captioning.describe_tokens(parts, tokenizer))
    search = captioning.choose_search(judging)
    run.write_config(config)
    run.write_json("vocabulary.json", captioning.vocabulary_record(tokenizer, search=search))

    # Each epoch shows every image once, with one of its captions. The decoder gets the caption up
    # to each word and learns to predict that word (teacher forcing).
    batches, watched, num_images = captioning.batches(parts, tokenizer, config)

    # The encoder turns the image into a vector for each place; the decoder writes the sentence.
    model = captioning.build(parts.size, tokenizer, config.model)
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=num_images,
        config=training,
        run=run,
        loss=captioning.loss(training.label_smoothing),
    )
    run.write_model(model)

    # Images of any size in, sentences out, by beam search; then the controls, and all scores.
    served = captioning.Pipeline(tokenizer, model, search)
    baselines = captioning.fit_baselines(parts, served, config)
    answers = {name: served(parts.test.images)} | {one: made() for one, made in baselines.items()}
    how = {"metrics": judging.metrics, "lowercase": data.lower}
    references = parts.test.captions
    scores = captioning.score(references, answers, normalize=data.normalize, **how)
    record = captioning.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", captioning.predictions_table(parts.test, answers))
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    captioning.save_pipeline(served, run.path / "saved_model", samples=parts.test.images)
    run.write_environment(training.seed)
    captioning.write_report(run.path, parts.test, answers, served)
    print(captioning.results_table(record, name=name, metric=judging.deciding))
    print(captioning.describe_signatures(references=references, **how))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
