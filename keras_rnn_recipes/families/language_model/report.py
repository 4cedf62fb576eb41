"""``report.html`` of a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers

TOKENS_SHOWN = 700

DEAREST_SHARE = 0.05  # of the tokens shown, those that have the fullest colour

FULLEST_COLOUR = 0.45  # of the model's colour, on which the text can still be read

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path, surprise: pd.DataFrame, samples: Sequence[str], *, glue: str = ""
) -> Path:
    """Write the report of a language model into its run directory.

    Args:
        run_dir: as in `write_text_page`.
        surprise: from `predictions_table`; the model is its second column.
        samples: texts drawn from it.
        glue: what stands between two tokens.

    Returns:
        The path of the report.
    """
    name = surprise.columns[1]
    drawn = [(str(number), False, [text.strip()]) for number, text in enumerate(samples)]
    samples_table = Table(
        "What it writes",
        "Drawn from nothing, each with a seed of its own.",
        "Seed",
        ["text"],
        drawn,
        of_texts=True,
    )
    return write_text_page(
        run_dir,
        name=name,
        kind="language model",
        facts=[f"tested on {len(surprise):,} tokens"],
        first="Foretold by",
        caption="On the test part, read from its beginning to its end; less is better.",
        more_tables=[samples_table] if drawn else [],
        figures=[_surprises(surprise, name, glue)],
    )


def _surprises(surprise: pd.DataFrame, name: str, glue: str) -> Section:
    """The beginning of the test text, each token coloured by what it cost the model."""
    shown = surprise.head(TOKENS_SHOWN)
    dearest = max(shown[name].quantile(1 - DEAREST_SHARE), 1e-6)
    tokens = [
        Markup(
            '<span style="background: color-mix(in srgb, var(--model) {:.0f}%, transparent)" '
            'title="{:.2f} nats">{}</span>'
        ).format(100 * FULLEST_COLOUR * min(nats / dearest, 1.0), nats, token)
        for token, nats in zip(shown["token"], shown[name], strict=True)
    ]
    text = Markup(glue).join(tokens)
    return Section(
        "What it did not expect",
        Markup('<p style="white-space: pre-wrap; line-height: 1.7">{}</p>').format(text),
        f"The first {len(shown):,} tokens of the test part: the fuller the colour, the less "
        f"probable the model thought the token, the fullest from {dearest:.1f} nats on; nats below "
        "the pointer.",
    )
