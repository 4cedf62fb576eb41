# The verbs of this family, as its script calls them, and where each is defined.

from .inference import (
    compose_piece as compose_piece,
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
    compose as compose,
    cut_rolls as cut_rolls,
    describe as describe,
    frame_loss as frame_loss,
    load as load,
    music_model as music_model,
    predictions_table as predictions_table,
    results_record as results_record,
    results_table as results_table,
    roll_batches as roll_batches,
    score as score,
    score_baselines as score_baselines,
    score_pieces as score_pieces,
    write_piece as write_piece,
)

__all__: list[str]
