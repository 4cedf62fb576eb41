# The verbs of this family, as its script calls them, and where each is defined.

from .adapted import adapt as adapt
from .inference import evaluate as evaluate, export as export, predict as predict
from .pipeline import (
    Pipeline as Pipeline,
)
from .report import (
    write_report as write_report,
)
from .task import (
    describe as describe,
    describe_unknown as describe_unknown,
    draw_samples as draw_samples,
    fit as fit,
    fit_baselines as fit_baselines,
    load as load,
    predictions_table as predictions_table,
    results_record as results_record,
    results_table as results_table,
    score as score,
    show_sample as show_sample,
    text_ids as text_ids,
    vocabulary_record as vocabulary_record,
)

__all__: list[str]
