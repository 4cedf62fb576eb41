"""``report.html`` of a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import scores_table, write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.storage import read_json
from keras_rnn_recipes.text.vocabulary import SPECIALS, UNKNOWN

TOKENS_SHOWN = 700

SURPRISING_SHARE = 0.05  # share of the tokens shown that get the full color

FULL_COLOR = 0.45  # opacity of the full color; text on it stays legible

_ADAPTED = (
    "The same network, mixed with the longest n-gram, with a cache of the tokens just read, or "
    "after a gradient step on each segment that it was scored on. The last two use the part of the "
    "test text before the token that they predict, so these figures are not those of the network "
    "above. Settings were chosen on the validation part."
)

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path, surprise: pd.DataFrame, samples: Sequence[str], *, glue: str = ""
) -> Path:
    """Write the report of a language model into its run directory.

    Args:
        run_dir: as in `write_text_page`.
        surprise: from `predictions_table`; the model is its second column.
        samples: texts drawn from it.
        glue: the separator of tokens.

    Returns:
        The path of the report.
    """
    name = surprise.columns[1]
    adapted = read_json(Path(run_dir) / "metrics.json").get("adapted", {})
    drawn = [(str(number), False, [text.strip()]) for number, text in enumerate(samples)]
    samples_table = Table(
        "Generated text",
        "Sampled without a prompt, each with its own seed.",
        "Seed",
        ["text"],
        drawn,
        of_texts=True,
    )
    return write_text_page(
        run_dir,
        name=name,
        kind="language model",
        facts=[f"tested on {counted(len(surprise), 'token')}"],
        first="Model",
        caption="On the test part, token by token from its beginning to its end. Lower is better."
        + _unknown(surprise),
        more_tables=[
            scores_table("Adapted to the text", _ADAPTED, "With", adapted.get("scores", {})),
            *([samples_table] if drawn else []),
        ],
        figures=[_surprises(surprise, name, glue)],
    )


def _unknown(surprise: pd.DataFrame) -> str:
    share = (surprise["token"] == SPECIALS[UNKNOWN]).mean()
    return f" {share:.1%} of its tokens are unknown; which they are costs nothing." if share else ""


def _surprises(surprise: pd.DataFrame, name: str, glue: str) -> Section:
    """The beginning of the test text, each token colored by its negative log probability."""
    shown = surprise.head(TOKENS_SHOWN)
    highest = max(shown[name].quantile(1 - SURPRISING_SHARE), 1e-6)
    tokens = [
        Markup(
            '<span style="background: color-mix(in srgb, var(--model) {:.0f}%, transparent)" '
            'title="{:.2f} nats">{}</span>'
        ).format(100 * FULL_COLOR * min(nats / highest, 1.0), nats, token)
        for token, nats in zip(shown["token"], shown[name], strict=True)
    ]
    text = Markup(glue).join(tokens)
    return Section(
        "Surprising tokens",
        Markup('<p style="white-space: pre-wrap; line-height: 1.7">{}</p>').format(text),
        f"The first {counted(len(shown), 'token')} of the test part. Darker tokens had a lower "
        f"predicted probability; the full color begins at {highest:.1f} nats. Hover for the value.",
    )
