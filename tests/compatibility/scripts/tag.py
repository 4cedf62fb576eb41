"""Give every token its tag with a recurrent network: names in news, parts of speech.

Run by `krr run RECIPE`, or by itself: `python tag.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr


def main(config, run):
    """Fit, evaluate and save the tagger that ``config`` describes, into the folder ``run``."""
    # Sentences with a tag for every token: to learn from, to tell when to stop, to be judged by.
    parts = krr.load_tagged(config.data, seed=config.fit.seed)
    print(krr.describe_tagged(parts))
    network, training, name = config.model, config.fit, config.model.cell

    # Words and characters become numbers by TensorFlow's own operations, exported in the end.
    words, spelling = krr.fit_tag_tokenizers(parts.train, config.data)
    spelling = None if network.character_cell == "none" else spelling
    run.write_config(config)
    record = krr.vocabulary_record(words, beside=spelling, tags=parts.tags)
    run.write_json("vocabulary.json", record)

    # Batches of sentences of like length, so that little of them is padding.
    batches = partial(
        krr.bucketed_batches,
        *krr.tag_columns(parts.train, words, spelling, parts.tags),
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        *krr.tag_columns(parts.valid, words, spelling, parts.tags),
        batch_size=training.batch_size,
        shuffle=False,
    )

    # The network scores tags and, with a random field, which tag follows which.
    model = krr.sequence_tagger(
        len(words.vocabulary),
        len(parts.tags),
        embeddings=krr.read_embeddings(network.vectors, words.vocabulary),
        allowed=parts.allowed if network.crf else None,
        **network.options(0 if spelling is None else len(spelling.vocabulary)),
    )
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(parts.train),
        config=training,
        run=run,
        loss=krr.loss_of_tagger(model),
    )
    run.write_model(model)

    # Tokens in, tags out: the best sequence of tags, and what each word alone tells.
    tagger = krr.ServedTagger(words, spelling, model, parts.tags)
    baselines = krr.fit_tagging_baselines(parts, names=config.evaluate.baselines)
    sentences = [row.tokens for row in parts.test]
    answers = {one: tag(sentences) for one, tag in {name: tagger, **baselines}.items()}
    scores = krr.score_taggers(parts.test, answers, of_spans=parts.of_spans)
    record = krr.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", krr.tags_table(parts.test, answers))
    run.write_json("metrics.json", record)

    # To serve, without this package; and to read.
    texts = [" ".join(tokens) for tokens in sentences]
    krr.export_text_model(tagger, run.path / "saved_model", samples=texts)
    run.write_environment(training.seed)
    krr.write_tagging_report(run.path, parts.test, answers, of_spans=parts.of_spans)
    print(krr.results_table(record, name=name, metric=next(iter(record["model"]))))
    print(krr.describe_artefacts(run.path))


if __name__ == "__main__":
    krr.run_from_command_line(main)
