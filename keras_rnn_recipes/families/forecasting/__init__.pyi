# The verbs of this family, as its script calls them, and where each is defined.

from .assumptions import serving_options as serving_options
from .covariates import (
    adapt_covariates as adapt_covariates,
    code_covariates as code_covariates,
)
from .inference import evaluate as evaluate, export as export, predict as predict
from .intervals import (
    add_intervals as add_intervals,
    refit_intervals as refit_intervals,
)
from .report import (
    write_report as write_report,
)
from .task import (
    choose_defaults as choose_defaults,
    describe as describe,
    fit_baselines as fit_baselines,
    leave_closed_out as leave_closed_out,
    load as load,
    results_record as results_record,
    results_table as results_table,
    score as score,
    summarise as summarise,
    totals as totals,
)
from .testing import test as test
from .training import (
    all_steps as all_steps,
    best_epoch as best_epoch,
    count_windows as count_windows,
    note_on_epoch_0 as note_on_epoch_0,
    parts_to_learn as parts_to_learn,
    untrained as untrained,
    validation_windows as validation_windows,
    with_earlier_rows as with_earlier_rows,
    without_level as without_level,
)
from .zero_shot import zero_shot_forecaster as zero_shot_forecaster

__all__: list[str]
