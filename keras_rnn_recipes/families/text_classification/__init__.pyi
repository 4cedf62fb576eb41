# The verbs of this family, as its script calls them, and where each is defined.

from .inference import evaluate as evaluate, export as export, predict as predict
from .mixture import add_parts as add_parts
from .pipeline import (
    Pipeline as Pipeline,
)
from .report import (
    write_report as write_report,
)
from .task import (
    add_vectors as add_vectors,
    adversarial_training as adversarial_training,
    choose_thresholds as choose_thresholds,
    class_names as class_names,
    class_weights as class_weights,
    describe as describe,
    describe_tokens as describe_tokens,
    fit_baselines as fit_baselines,
    fit_head as fit_head,
    head_columns as head_columns,
    load as load,
    loss as loss,
    number_labels as number_labels,
    predictions_table as predictions_table,
    preparation as preparation,
    read_embeddings as read_embeddings,
    results_record as results_record,
    results_table as results_table,
    score as score,
    start_from_language_model as start_from_language_model,
    vocabulary_record as vocabulary_record,
)

__all__: list[str]
