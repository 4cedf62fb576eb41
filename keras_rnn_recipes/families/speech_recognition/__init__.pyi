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
    characters_of as characters_of,
    choose_decoder as choose_decoder,
    decodings as decodings,
    describe as describe,
    fit_baselines as fit_baselines,
    front_end as front_end,
    load as load,
    loss as loss,
    predictions_table as predictions_table,
    results_record as results_record,
    results_table as results_table,
    score as score,
    speech_recognizer as speech_recognizer,
    statistics as statistics,
    symbols_record as symbols_record,
    targets as targets,
    texts as texts,
    trainable as trainable,
    write_decoder as write_decoder,
)

__all__: list[str]
