"""Tag every token of a sentence with a recurrent network: named entities, parts of speech.

Run by `krr run RECIPE`, or by itself: `python tag.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import tagging


def main(config, run):
    """Fit, evaluate and save the tagger that ``config`` describes, into the folder ``run``."""
    # Sentences with a tag for every token, in a training, a validation and a test part.
    parts = tagging.load(config.data, seed=config.fit.seed)
    print(tagging.describe(parts))
    network, training, name = config.model, config.fit, config.model.cell

    # Tokenize words and characters with TensorFlow operations, which are exported too.
    words, spelling = tagging.fit_tokenizers(parts.train, config.data)
    spelling = None if network.character_cell == "none" else spelling
    texts = {
        part: [" ".join(row.tokens) for row in rows]
        for part, rows in (("train", parts.train), ("test", parts.test))
    }
    words, vectors = tagging.add_vectors(
        words, network.vectors, limit=network.vector_words, **texts
    )
    run.write_config(config)
    record = tagging.vocabulary_record(words, beside=spelling, tags=parts.tags)
    run.write_json("vocabulary.json", record)

    # Batches of sentences of similar length, which need little padding.
    batches = partial(
        krr.bucketed_batches,
        *tagging.columns(parts.train, words, spelling, parts.tags),
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        *tagging.columns(parts.valid, words, spelling, parts.tags),
        batch_size=training.batch_size,
        shuffle=False,
    )

    # The network scores the tags and, with a CRF, the transitions between them.
    model = krr.sequence_tagger(
        len(words.vocabulary),
        len(parts.tags),
        allowed=parts.allowed if network.crf else None,
        **vectors,
        **network.options(0 if spelling is None else len(spelling.vocabulary)),
    )
    tagging.start_from_language_model(model, words, network.start, embedding="word_vectors")
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(parts.train),
        config=training,
        run=run,
        loss=tagging.loss(model),
    )
    run.write_model(model)

    # Tokens in, tags out: the best sequence of tags; then the baseline, and the scores of both.
    tagger = tagging.Pipeline(words, spelling, model, parts.tags)
    baselines = tagging.fit_baselines(parts, names=config.evaluate.baselines)
    sentences = [row.tokens for row in parts.test]
    answers = {one: tag(sentences) for one, tag in {name: tagger, **baselines}.items()}
    scores = tagging.score(parts.test, answers, of_spans=parts.of_spans)
    record = tagging.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", tagging.predictions_table(parts.test, answers))
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    krr.export_text_model(tagger, run.path / "saved_model", samples=texts["test"])
    run.write_environment(training.seed)
    tagging.write_report(run.path, parts.test, answers, of_spans=parts.of_spans)
    print(tagging.results_table(record, name=name, metric=next(iter(record["model"]))))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
