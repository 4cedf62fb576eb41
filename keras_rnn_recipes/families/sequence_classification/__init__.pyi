# The verbs of this family, as its script calls them, and where each is defined.

from .inference import (
    evaluate as evaluate,
    export as export,
    export_model as export_model,
    predict as predict,
)
from .pipeline import (
    Pipeline as Pipeline,
)
from .report import (
    write_report as write_report,
)
from .task import (
    class_names as class_names,
    class_weights as class_weights,
    classes_record as classes_record,
    describe as describe,
    fit_baselines as fit_baselines,
    front_end as front_end,
    load as load,
    loss as loss,
    number_labels as number_labels,
    predictions_table as predictions_table,
    results_record as results_record,
    results_table as results_table,
    score as score,
    sequence_classifier as sequence_classifier,
    statistics as statistics,
    targets as targets,
)

__all__: list[str]
