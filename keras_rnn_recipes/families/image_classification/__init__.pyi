# The verbs of this family, as its script calls them, and where each is defined.

from .inference import evaluate as evaluate, export as export, predict as predict
from .pipeline import (
    Pipeline as Pipeline,
    save_pipeline as save_pipeline,
)
from .report import (
    write_report as write_report,
)
from .task import (
    build as build,
    class_names as class_names,
    class_weights as class_weights,
    describe as describe,
    fit_baselines as fit_baselines,
    image_batches as image_batches,
    load as load,
    loss as loss,
    number_labels as number_labels,
    pipeline_record as pipeline_record,
    predictions_table as predictions_table,
    results_record as results_record,
    results_table as results_table,
    score as score,
)

__all__: list[str]
