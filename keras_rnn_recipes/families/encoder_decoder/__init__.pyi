# The verbs of this family, as its script calls them, and where each is defined.

from .inference import evaluate as evaluate, export as export, predict as predict
from .pipeline import (
    Pipeline as Pipeline,
    Search as Search,
)
from .report import (
    write_report as write_report,
)
from .task import (
    choose_search as choose_search,
    columns as columns,
    describe as describe,
    describe_signatures as describe_signatures,
    describe_tokens as describe_tokens,
    fit_baselines as fit_baselines,
    load as load,
    loss as loss,
    predictions_table as predictions_table,
    results_record as results_record,
    results_table as results_table,
    score as score,
    vocabulary_record as vocabulary_record,
    with_misspellings as with_misspellings,
)

__all__: list[str]
