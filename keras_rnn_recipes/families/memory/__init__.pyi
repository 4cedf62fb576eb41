# The verbs of this family, as its script calls them, and where each is defined.

from .climbing import (
    climb as climb,
    loss as loss,
)
from .inference import evaluate as evaluate, export as export, predict as predict
from .report import (
    write_report as write_report,
)
from .task import (
    describe as describe,
    load as load,
    results_record as results_record,
    results_table as results_table,
    score as score,
)

__all__: list[str]
