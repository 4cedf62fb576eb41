# The public names of the package, and where each is defined. Type checkers and editors read them
# here, and so does the package itself when a name is first asked for. The verbs of each family of
# recipes (load, describe, score, write_report and so on) are in keras_rnn_recipes.families.

from .builders import (
    build_forecaster as build_forecaster,
    conv as conv,
    deep_rnn as deep_rnn,
    dense as dense,
    direct_forecaster as direct_forecaster,
    encoder_decoder as encoder_decoder,
    forecaster_info as forecaster_info,
    gru as gru,
    language_model as language_model,
    linear as linear,
    lstm as lstm,
    memory_network as memory_network,
    pretrained_forecaster as pretrained_forecaster,
    recurrent_stack as recurrent_stack,
    recursive_forecaster as recursive_forecaster,
    seq2seq_forecaster as seq2seq_forecaster,
    sequence_tagger as sequence_tagger,
    simple_rnn as simple_rnn,
    text_classifier as text_classifier,
    to_forecaster as to_forecaster,
)
from .config.files import load_config as load_config
from .data.catalogue import list_datasets as list_datasets, load_dataset as load_dataset
from .data.frames import read_panel as read_panel
from .data.split import split_by_time as split_by_time
from .data.window_spec import WindowSpec as WindowSpec
from .data.windows import window_dataset as window_dataset
from .diagnostics.gradient_flow import gradient_flow as gradient_flow
from .diagnostics.gradient_health import judge_flow as judge_flow
from .errors import UserError as UserError
from .evaluation.backtest import backtest as backtest, forecast_future as forecast_future
from .evaluation.baselines import fit_baselines as fit_baselines
from .evaluation.intervals import score_intervals as score_intervals
from .evaluation.metrics import score as score, summarise as summarise
from .explain.page import explain as explain
from .layers.crf import crf_loss as crf_loss
from .reporting.plots import (
    plot_forecasts as plot_forecasts,
    plot_gradient_flow as plot_gradient_flow,
    plot_history as plot_history,
)
from .runs.directory import RunDirectory as RunDirectory
from .serving.export_forecaster import export_saved_model as export_saved_model
from .serving.export_onnx import export_onnx as export_onnx
from .serving.export_text import export_text_model as export_text_model
from .serving.keras_model import load_model as load_model
from .serving.saved_forecaster import load_saved_model as load_saved_model
from .text.batches import bucketed_batches as bucketed_batches
from .text.catalogue import load_text as load_text
from .text.preparation import Preparation as Preparation
from .text.tokenizer import fit_tokenizer as fit_tokenizer
from .training.callbacks import GradientWatch as GradientWatch
from .training.loop import fit as fit
from .training.state import set_seeds as set_seeds
from .workflows.backtest import backtest_recipe as backtest_recipe
from .workflows.inference import evaluate as evaluate, predict as predict
from .workflows.run import run as run, run_from_command_line as run_from_command_line
from .workflows.tune import tune as tune

__version__: str
__all__: list[str]
