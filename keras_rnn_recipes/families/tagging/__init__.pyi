# The verbs of this family, as its script calls them, and where each is defined.

from .inference import evaluate as evaluate, export as export, predict as predict
from .pipeline import (
    Pipeline as Pipeline,
)
from .report import (
    write_report as write_report,
)
from .task import (
    TaggedParts as TaggedParts,
    add_vectors as add_vectors,
    columns as columns,
    describe as describe,
    fit_baselines as fit_baselines,
    fit_tokenizers as fit_tokenizers,
    load as load,
    loss as loss,
    predictions_table as predictions_table,
    read_embeddings as read_embeddings,
    results_record as results_record,
    results_table as results_table,
    score as score,
    start_from_language_model as start_from_language_model,
    vocabulary_record as vocabulary_record,
)

__all__: list[str]
