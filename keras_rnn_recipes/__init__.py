"""High-level Keras recipes for recurrent networks: build, run, serve.

Every public name can be had from here, as in ``keras_rnn_recipes.lstm("direct", horizon=12)``.
Names are looked up when first used, so that importing the package, listing recipes or printing
help takes milliseconds: TensorFlow alone takes seconds to import.

Example:
    >>> import keras_rnn_recipes
    >>> keras_rnn_recipes.WindowSpec(lookback=24, horizon=12).strategy
    'direct'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Where each public name is defined. The imports under TYPE_CHECKING say the same thing to type
# checkers and editors (the `as` marks a name as passed on); a test compares the two.
_HOMES: dict[str, tuple[str, ...]] = {
    "errors": ("UserError",),
    "builders": (
        "ForecasterInfo",
        "add_bounds",
        "averaged_embeddings",
        "build_forecaster",
        "conv",
        "decode_step",
        "decoding_functions",
        "deep_rnn",
        "dense",
        "direct_forecaster",
        "encode_model",
        "encoder_decoder",
        "forecaster_info",
        "generating_functions",
        "gru",
        "language_model",
        "language_reader",
        "language_step",
        "linear",
        "lstm",
        "recurrent_stack",
        "recursive_forecaster",
        "seq2seq_forecaster",
        "sequence_tagger",
        "simple_rnn",
        "text_classifier",
        "to_forecaster",
    ),
    "data.catalogue": ("list_datasets", "load_dataset"),
    "data.coding": ("apply_covariates", "learn_covariates"),
    "data.covariates": ("Covariate", "Covariates"),
    "data.frames": ("Panel", "read_panel"),
    "data.split": ("Split", "split_by_time"),
    "data.text.batches": ("bucketed_batches",),
    "data.text.catalogue": ("TextParts", "hold_out", "load_text"),
    "data.text.column_files": ("read_column_file",),
    "data.text.preparation": ("Preparation",),
    "data.text.reading": (
        "LabelledTexts",
        "ParallelTexts",
        "class_names",
        "number_labels",
        "read_labelled",
        "read_parallel",
        "read_text",
    ),
    "data.text.tags": ("allowed_transitions", "convert_tags", "spans"),
    "data.text.tokenizer": ("Tokenizer", "fit_tokenizer"),
    "data.text.vectors": ("PretrainedVectors", "load_vectors"),
    "data.window_spec": ("WindowSpec",),
    "data.windows": ("count_windows", "skipped_series", "window_dataset"),
    "decoding.beam": ("beam_search",),
    "decoding.greedy": ("greedy",),
    "decoding.sampling": ("sample",),
    "decoding.viterbi": ("viterbi",),
    "evaluation.backtest": ("backtest", "forecast_future"),
    "evaluation.baselines": ("drift", "fit_baselines", "naive", "seasonal_naive"),
    "evaluation.classification": ("classification_scores",),
    "evaluation.conformal": ("Calibration", "calibrate", "with_bounds"),
    "evaluation.entities": ("entity_scores",),
    "evaluation.intervals": ("score_intervals",),
    "evaluation.metrics": ("horizon_profile", "score", "summarise"),
    "evaluation.ridge": ("fit_ridge",),
    "evaluation.translation": ("score_texts",),
    "layers.crf": ("crf_loss",),
    "running.backtest_command": ("backtest_recipe", "backtest_run"),
    "running.classification_report": ("write_classification_report",),
    "running.config": ("Config",),
    "running.config_files": ("load_config",),
    "running.covariates": ("adapt_covariates", "code_covariates"),
    "running.defaults": ("choose_defaults",),
    "running.export": ("export_saved_model",),
    "running.export_text": ("export_text_model",),
    "running.fitting": ("best_epoch", "fit"),
    "running.keras_model": ("load_model",),
    "running.onnx_export": ("export_onnx",),
    "running.report": ("write_report",),
    "running.results": ("describe_artefacts", "describe_data", "results_record", "results_table"),
    "running.run_directory": ("RunDirectory",),
    "running.runner": ("RunResult", "run", "run_from_command_line"),
    "running.saved_model": ("SavedForecaster", "load_saved_model"),
    "running.seeds": ("set_seeds",),
    "running.saved_text": (
        "SavedClassifier",
        "SavedEncoderDecoder",
        "SavedLanguageModel",
        "SavedTagger",
    ),
    "running.served_classifier": ("ServedClassifier",),
    "running.served_encoder_decoder": ("Search", "ServedEncoderDecoder"),
    "running.served_language_model": ("ServedLanguageModel",),
    "running.served_tagger": ("ServedTagger",),
    "running.sources": ("load_panel",),
    "running.tagging_data": ("TaggedParts", "fit_tag_tokenizers", "load_tagged", "tag_columns"),
    "running.tagging_report": ("write_tagging_report",),
    "running.tagging_results": (
        "describe_tagged",
        "fit_tagging_baselines",
        "loss_of_tagger",
        "score_taggers",
        "tags_table",
    ),
    "running.text_data": ("load_labelled",),
    "running.text_fitting": (
        "class_weights",
        "fit_classification_baselines",
        "label_loss",
        "read_embeddings",
    ),
    "running.text_results": (
        "describe_texts",
        "predictions_table",
        "score_classifiers",
        "vocabulary_record",
    ),
    "running.tuning": ("tune",),
    "running.uncertainty": ("add_intervals", "refit_intervals"),
    "running.validation": ("validation_windows",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from keras_rnn_recipes.builders import (
        ForecasterInfo as ForecasterInfo,
        add_bounds as add_bounds,
        averaged_embeddings as averaged_embeddings,
        build_forecaster as build_forecaster,
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
        gru as gru,
        language_model as language_model,
        language_reader as language_reader,
        language_step as language_step,
        linear as linear,
        lstm as lstm,
        recurrent_stack as recurrent_stack,
        recursive_forecaster as recursive_forecaster,
        seq2seq_forecaster as seq2seq_forecaster,
        sequence_tagger as sequence_tagger,
        simple_rnn as simple_rnn,
        text_classifier as text_classifier,
        to_forecaster as to_forecaster,
    )
    from keras_rnn_recipes.data.catalogue import (
        list_datasets as list_datasets,
        load_dataset as load_dataset,
    )
    from keras_rnn_recipes.data.coding import (
        apply_covariates as apply_covariates,
        learn_covariates as learn_covariates,
    )
    from keras_rnn_recipes.data.covariates import Covariate as Covariate, Covariates as Covariates
    from keras_rnn_recipes.data.frames import Panel as Panel, read_panel as read_panel
    from keras_rnn_recipes.data.split import Split as Split, split_by_time as split_by_time
    from keras_rnn_recipes.data.text.batches import bucketed_batches as bucketed_batches
    from keras_rnn_recipes.data.text.catalogue import (
        TextParts as TextParts,
        hold_out as hold_out,
        load_text as load_text,
    )
    from keras_rnn_recipes.data.text.column_files import read_column_file as read_column_file
    from keras_rnn_recipes.data.text.preparation import Preparation as Preparation
    from keras_rnn_recipes.data.text.reading import (
        LabelledTexts as LabelledTexts,
        ParallelTexts as ParallelTexts,
        class_names as class_names,
        number_labels as number_labels,
        read_labelled as read_labelled,
        read_parallel as read_parallel,
        read_text as read_text,
    )
    from keras_rnn_recipes.data.text.tags import (
        allowed_transitions as allowed_transitions,
        convert_tags as convert_tags,
        spans as spans,
    )
    from keras_rnn_recipes.data.text.tokenizer import (
        Tokenizer as Tokenizer,
        fit_tokenizer as fit_tokenizer,
    )
    from keras_rnn_recipes.data.text.vectors import (
        PretrainedVectors as PretrainedVectors,
        load_vectors as load_vectors,
    )
    from keras_rnn_recipes.data.window_spec import WindowSpec as WindowSpec
    from keras_rnn_recipes.data.windows import (
        count_windows as count_windows,
        skipped_series as skipped_series,
        window_dataset as window_dataset,
    )
    from keras_rnn_recipes.decoding.beam import beam_search as beam_search
    from keras_rnn_recipes.decoding.greedy import greedy as greedy
    from keras_rnn_recipes.decoding.sampling import sample as sample
    from keras_rnn_recipes.decoding.viterbi import viterbi as viterbi
    from keras_rnn_recipes.errors import UserError as UserError
    from keras_rnn_recipes.evaluation.backtest import (
        backtest as backtest,
        forecast_future as forecast_future,
    )
    from keras_rnn_recipes.evaluation.baselines import (
        drift as drift,
        fit_baselines as fit_baselines,
        naive as naive,
        seasonal_naive as seasonal_naive,
    )
    from keras_rnn_recipes.evaluation.classification import (
        classification_scores as classification_scores,
    )
    from keras_rnn_recipes.evaluation.conformal import (
        Calibration as Calibration,
        calibrate as calibrate,
        with_bounds as with_bounds,
    )
    from keras_rnn_recipes.evaluation.entities import entity_scores as entity_scores
    from keras_rnn_recipes.evaluation.intervals import score_intervals as score_intervals
    from keras_rnn_recipes.evaluation.metrics import (
        horizon_profile as horizon_profile,
        score as score,
        summarise as summarise,
    )
    from keras_rnn_recipes.evaluation.ridge import fit_ridge as fit_ridge
    from keras_rnn_recipes.evaluation.translation import score_texts as score_texts
    from keras_rnn_recipes.layers.crf import crf_loss as crf_loss
    from keras_rnn_recipes.running.backtest_command import (
        backtest_recipe as backtest_recipe,
        backtest_run as backtest_run,
    )
    from keras_rnn_recipes.running.classification_report import (
        write_classification_report as write_classification_report,
    )
    from keras_rnn_recipes.running.config import Config as Config
    from keras_rnn_recipes.running.config_files import load_config as load_config
    from keras_rnn_recipes.running.covariates import (
        adapt_covariates as adapt_covariates,
        code_covariates as code_covariates,
    )
    from keras_rnn_recipes.running.defaults import choose_defaults as choose_defaults
    from keras_rnn_recipes.running.export import export_saved_model as export_saved_model
    from keras_rnn_recipes.running.export_text import export_text_model as export_text_model
    from keras_rnn_recipes.running.fitting import best_epoch as best_epoch, fit as fit
    from keras_rnn_recipes.running.keras_model import load_model as load_model
    from keras_rnn_recipes.running.onnx_export import export_onnx as export_onnx
    from keras_rnn_recipes.running.report import write_report as write_report
    from keras_rnn_recipes.running.results import (
        describe_artefacts as describe_artefacts,
        describe_data as describe_data,
        results_record as results_record,
        results_table as results_table,
    )
    from keras_rnn_recipes.running.run_directory import RunDirectory as RunDirectory
    from keras_rnn_recipes.running.runner import (
        RunResult as RunResult,
        run as run,
        run_from_command_line as run_from_command_line,
    )
    from keras_rnn_recipes.running.saved_model import (
        SavedForecaster as SavedForecaster,
        load_saved_model as load_saved_model,
    )
    from keras_rnn_recipes.running.saved_text import (
        SavedClassifier as SavedClassifier,
        SavedEncoderDecoder as SavedEncoderDecoder,
        SavedLanguageModel as SavedLanguageModel,
        SavedTagger as SavedTagger,
    )
    from keras_rnn_recipes.running.seeds import set_seeds as set_seeds
    from keras_rnn_recipes.running.served_classifier import ServedClassifier as ServedClassifier
    from keras_rnn_recipes.running.served_encoder_decoder import (
        Search as Search,
        ServedEncoderDecoder as ServedEncoderDecoder,
    )
    from keras_rnn_recipes.running.served_language_model import (
        ServedLanguageModel as ServedLanguageModel,
    )
    from keras_rnn_recipes.running.served_tagger import ServedTagger as ServedTagger
    from keras_rnn_recipes.running.sources import load_panel as load_panel
    from keras_rnn_recipes.running.tagging_data import (
        TaggedParts as TaggedParts,
        fit_tag_tokenizers as fit_tag_tokenizers,
        load_tagged as load_tagged,
        tag_columns as tag_columns,
    )
    from keras_rnn_recipes.running.tagging_report import (
        write_tagging_report as write_tagging_report,
    )
    from keras_rnn_recipes.running.tagging_results import (
        describe_tagged as describe_tagged,
        fit_tagging_baselines as fit_tagging_baselines,
        loss_of_tagger as loss_of_tagger,
        score_taggers as score_taggers,
        tags_table as tags_table,
    )
    from keras_rnn_recipes.running.text_data import load_labelled as load_labelled
    from keras_rnn_recipes.running.text_fitting import (
        class_weights as class_weights,
        fit_classification_baselines as fit_classification_baselines,
        label_loss as label_loss,
        read_embeddings as read_embeddings,
    )
    from keras_rnn_recipes.running.text_results import (
        describe_texts as describe_texts,
        predictions_table as predictions_table,
        score_classifiers as score_classifiers,
        vocabulary_record as vocabulary_record,
    )
    from keras_rnn_recipes.running.tuning import tune as tune
    from keras_rnn_recipes.running.uncertainty import (
        add_intervals as add_intervals,
        refit_intervals as refit_intervals,
    )
    from keras_rnn_recipes.running.validation import validation_windows as validation_windows


__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name, the first time the name is asked for."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
