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
from .layers.crf import crf_loss as crf_loss
from .running.backtest_command import (
    backtest_recipe as backtest_recipe,
    backtest_run as backtest_run,
)
from .running.config import Config as Config
from .running.config_files import load_config as load_config
from .running.covariates import (
    adapt_covariates as adapt_covariates,
    code_covariates as code_covariates,
)
from .running.defaults import choose_defaults as choose_defaults
from .running.encoder_decoder.data import (
    describe_pairs as describe_pairs,
    load_pairs as load_pairs,
    pair_columns as pair_columns,
)
from .running.encoder_decoder.report import write_pair_report as write_pair_report
from .running.encoder_decoder.results import (
    fit_pair_baselines as fit_pair_baselines,
    pairs_table as pairs_table,
    score_pairs as score_pairs,
    search_of as search_of,
)
from .running.encoder_decoder.served import (
    Search as Search,
    ServedEncoderDecoder as ServedEncoderDecoder,
)
from .running.explain.page import explain as explain
from .running.export import export_saved_model as export_saved_model
from .running.export_text import export_text_model as export_text_model
from .running.fitting import best_epoch as best_epoch, fit as fit
from .running.gradient_flow import gradient_flow as gradient_flow
from .running.gradient_health import judge_flow as judge_flow
from .running.gradient_watch import GradientWatch as GradientWatch
from .running.keras_model import load_model as load_model
from .running.language_model.data import (
    describe_running_text as describe_running_text,
    load_running_text as load_running_text,
    text_ids as text_ids,
)
from .running.language_model.fitting import fit_on_text as fit_on_text
from .running.language_model.report import write_language_report as write_language_report
from .running.language_model.results import (
    draw_samples as draw_samples,
    fit_ngrams as fit_ngrams,
    score_language_models as score_language_models,
    show_sample as show_sample,
    surprise_table as surprise_table,
)
from .running.language_model.served import ServedLanguageModel as ServedLanguageModel
from .running.memory.climbing import climb as climb, memory_loss as memory_loss
from .running.memory.report import write_memory_report as write_memory_report
from .running.memory.results import (
    describe_problem as describe_problem,
    memory_record as memory_record,
    memory_table as memory_table,
)
from .running.onnx_export import export_onnx as export_onnx
from .running.report import write_report as write_report
from .running.results import (
    describe_artefacts as describe_artefacts,
    describe_data as describe_data,
    results_record as results_record,
    results_table as results_table,
)
from .running.run_directory import RunDirectory as RunDirectory
from .running.runner import (
    RunResult as RunResult,
    run as run,
    run_from_command_line as run_from_command_line,
)
from .running.saved_model import (
    SavedForecaster as SavedForecaster,
    load_saved_model as load_saved_model,
)
from .running.saved_text import (
    SavedClassifier as SavedClassifier,
    SavedEncoderDecoder as SavedEncoderDecoder,
    SavedLanguageModel as SavedLanguageModel,
    SavedTagger as SavedTagger,
)
from .running.seeds import set_seeds as set_seeds
from .running.sources import load_panel as load_panel
from .running.tagging.data import (
    TaggedParts as TaggedParts,
    fit_tag_tokenizers as fit_tag_tokenizers,
    load_tagged as load_tagged,
    tag_columns as tag_columns,
)
from .running.tagging.report import write_tagging_report as write_tagging_report
from .running.tagging.results import (
    describe_tagged as describe_tagged,
    fit_tagging_baselines as fit_tagging_baselines,
    loss_of_tagger as loss_of_tagger,
    score_taggers as score_taggers,
    tags_table as tags_table,
)
from .running.tagging.served import ServedTagger as ServedTagger
from .running.text_classification.data import load_labelled as load_labelled
from .running.text_classification.fitting import (
    class_weights as class_weights,
    fit_classification_baselines as fit_classification_baselines,
    label_loss as label_loss,
    read_embeddings as read_embeddings,
)
from .running.text_classification.report import (
    write_classification_report as write_classification_report,
)
from .running.text_classification.results import (
    describe_texts as describe_texts,
    predictions_table as predictions_table,
    score_classifiers as score_classifiers,
)
from .running.text_classification.served import ServedClassifier as ServedClassifier
from .running.text_record import vocabulary_record as vocabulary_record
from .running.token_loss import token_loss as token_loss
from .running.tuning import tune as tune
from .running.uncertainty import add_intervals as add_intervals, refit_intervals as refit_intervals
from .running.validation import validation_windows as validation_windows

__version__: str
__all__: list[str]
