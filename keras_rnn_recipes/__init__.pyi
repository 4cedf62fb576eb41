# The public names of the package, and where each is defined. Type checkers and editors read them
# here, and so does the package itself when a name is first asked for.

from .bptt.from_keras import network_of as network_of
from .bptt.worked_example import reverse_digits as reverse_digits
from .builders import (
    ForecasterInfo as ForecasterInfo,
    add_bounds as add_bounds,
    averaged_embeddings as averaged_embeddings,
    build_forecaster as build_forecaster,
    carrying_twin as carrying_twin,
    conv as conv,
    decode_step as decode_step,
    decoding_functions as decoding_functions,
    deep_rnn as deep_rnn,
    dense as dense,
    direct_forecaster as direct_forecaster,
    encode_model as encode_model,
    encoder_decoder as encoder_decoder,
    forecaster_info as forecaster_info,
    generating_functions as generating_functions,
    give_back as give_back,
    gru as gru,
    language_model as language_model,
    language_reader as language_reader,
    language_step as language_step,
    linear as linear,
    lstm as lstm,
    memory_network as memory_network,
    recurrent_stack as recurrent_stack,
    recursive_forecaster as recursive_forecaster,
    seq2seq_forecaster as seq2seq_forecaster,
    sequence_tagger as sequence_tagger,
    simple_rnn as simple_rnn,
    text_classifier as text_classifier,
    to_forecaster as to_forecaster,
)
from .config.defaults import choose_defaults as choose_defaults
from .config.files import load_config as load_config
from .config.forecasting import Config as Config
from .data.catalogue import list_datasets as list_datasets, load_dataset as load_dataset
from .data.coding import apply_covariates as apply_covariates, learn_covariates as learn_covariates
from .data.covariates import Covariate as Covariate, Covariates as Covariates
from .data.frames import Panel as Panel, read_panel as read_panel
from .data.memory_problems import (
    MemoryProblem as MemoryProblem,
    adding as adding,
    copying as copying,
    reversing as reversing,
)
from .data.split import Split as Split, split_by_time as split_by_time
from .data.text.batches import bucketed_batches as bucketed_batches
from .data.text.catalogue import (
    TextParts as TextParts,
    hold_out as hold_out,
    load_text as load_text,
)
from .data.text.column_files import read_column_file as read_column_file
from .data.text.contiguous import contiguous_batches as contiguous_batches
from .data.text.preparation import Preparation as Preparation
from .data.text.reading import (
    LabelledTexts as LabelledTexts,
    ParallelTexts as ParallelTexts,
    class_names as class_names,
    number_labels as number_labels,
    read_labelled as read_labelled,
    read_parallel as read_parallel,
    read_text as read_text,
)
from .data.text.tags import (
    allowed_transitions as allowed_transitions,
    convert_tags as convert_tags,
    spans as spans,
)
from .data.text.tokenizer import Tokenizer as Tokenizer, fit_tokenizer as fit_tokenizer
from .data.text.vectors import PretrainedVectors as PretrainedVectors, load_vectors as load_vectors
from .data.window_spec import WindowSpec as WindowSpec
from .data.windows import (
    count_windows as count_windows,
    skipped_series as skipped_series,
    window_dataset as window_dataset,
)
from .decoding.beam import beam_search as beam_search
from .decoding.greedy import greedy as greedy
from .decoding.sampling import sample as sample
from .decoding.viterbi import viterbi as viterbi
from .diagnostics.gradient_flow import gradient_flow as gradient_flow
from .diagnostics.gradient_health import judge_flow as judge_flow
from .errors import UserError as UserError
from .evaluation.backtest import backtest as backtest, forecast_future as forecast_future
from .evaluation.baselines import (
    drift as drift,
    fit_baselines as fit_baselines,
    naive as naive,
    seasonal_naive as seasonal_naive,
)
from .evaluation.classification import classification_scores as classification_scores
from .evaluation.conformal import (
    Calibration as Calibration,
    calibrate as calibrate,
    with_bounds as with_bounds,
)
from .evaluation.entities import entity_scores as entity_scores
from .evaluation.intervals import score_intervals as score_intervals
from .evaluation.metrics import (
    horizon_profile as horizon_profile,
    score as score,
    summarise as summarise,
)
from .evaluation.ridge import fit_ridge as fit_ridge
from .evaluation.translation import (
    describe_signatures as describe_signatures,
    score_texts as score_texts,
)
from .explain.page import explain as explain
from .families.encoder_decoder.pipeline import (
    Search as Search,
    ServedEncoderDecoder as ServedEncoderDecoder,
)
from .families.encoder_decoder.report import write_pair_report as write_pair_report
from .families.encoder_decoder.task import (
    describe_pairs as describe_pairs,
    fit_pair_baselines as fit_pair_baselines,
    load_pairs as load_pairs,
    pair_columns as pair_columns,
    pairs_table as pairs_table,
    score_pairs as score_pairs,
    search_of as search_of,
)
from .families.forecasting.covariates import (
    adapt_covariates as adapt_covariates,
    code_covariates as code_covariates,
)
from .families.forecasting.intervals import (
    add_intervals as add_intervals,
    refit_intervals as refit_intervals,
)
from .families.forecasting.report import write_report as write_report
from .families.forecasting.task import (
    describe_data as describe_data,
    load_panel as load_panel,
    validation_windows as validation_windows,
)
from .families.language_model.pipeline import ServedLanguageModel as ServedLanguageModel
from .families.language_model.report import write_language_report as write_language_report
from .families.language_model.task import (
    describe_running_text as describe_running_text,
    draw_samples as draw_samples,
    fit_ngrams as fit_ngrams,
    fit_on_text as fit_on_text,
    load_running_text as load_running_text,
    score_language_models as score_language_models,
    show_sample as show_sample,
    surprise_table as surprise_table,
    text_ids as text_ids,
)
from .families.memory.climbing import (
    climb as climb,
    memory_loss as memory_loss,
)
from .families.memory.report import write_memory_report as write_memory_report
from .families.memory.task import (
    describe_problem as describe_problem,
    memory_record as memory_record,
    memory_table as memory_table,
)
from .families.tagging.pipeline import ServedTagger as ServedTagger
from .families.tagging.report import write_tagging_report as write_tagging_report
from .families.tagging.task import (
    TaggedParts as TaggedParts,
    describe_tagged as describe_tagged,
    fit_tag_tokenizers as fit_tag_tokenizers,
    fit_tagging_baselines as fit_tagging_baselines,
    load_tagged as load_tagged,
    loss_of_tagger as loss_of_tagger,
    score_taggers as score_taggers,
    tag_columns as tag_columns,
    tags_table as tags_table,
)
from .families.text_classification.pipeline import ServedClassifier as ServedClassifier
from .families.text_classification.report import (
    write_classification_report as write_classification_report,
)
from .families.text_classification.task import (
    class_weights as class_weights,
    describe_texts as describe_texts,
    fit_classification_baselines as fit_classification_baselines,
    label_loss as label_loss,
    load_labelled as load_labelled,
    predictions_table as predictions_table,
    read_embeddings as read_embeddings,
    score_classifiers as score_classifiers,
)
from .layers.crf import crf_loss as crf_loss
from .reporting.results import (
    describe_artefacts as describe_artefacts,
    results_record as results_record,
    results_table as results_table,
)
from .runs.directory import RunDirectory as RunDirectory
from .serving.export_forecaster import export_saved_model as export_saved_model
from .serving.export_onnx import export_onnx as export_onnx
from .serving.export_text import export_text_model as export_text_model
from .serving.keras_model import load_model as load_model
from .serving.saved_forecaster import (
    SavedForecaster as SavedForecaster,
    load_saved_model as load_saved_model,
)
from .serving.saved_text import (
    SavedClassifier as SavedClassifier,
    SavedEncoderDecoder as SavedEncoderDecoder,
    SavedLanguageModel as SavedLanguageModel,
    SavedTagger as SavedTagger,
)
from .serving.vocabulary import vocabulary_record as vocabulary_record
from .training.callbacks import GradientWatch as GradientWatch
from .training.loop import (
    best_epoch as best_epoch,
    fit as fit,
)
from .training.state import set_seeds as set_seeds
from .training.token_loss import token_loss as token_loss
from .workflows.backtest import (
    backtest_recipe as backtest_recipe,
    backtest_run as backtest_run,
)
from .workflows.run import (
    RunResult as RunResult,
    run as run,
    run_from_command_line as run_from_command_line,
)
from .workflows.tune import tune as tune

__version__: str
__all__: list[str]
