"""Build networks: pure functions from plain arguments to uncompiled functional Keras models."""

from keras_rnn_recipes.builders.captioner import application_encoder, captioner
from keras_rnn_recipes.builders.decoder import decode_step, decoding_functions, encode_model
from keras_rnn_recipes.builders.encoder_decoder import encoder_decoder
from keras_rnn_recipes.builders.forecasters import (
    direct_forecaster,
    forecaster,
    recursive_forecaster,
    seq2seq_forecaster,
)
from keras_rnn_recipes.builders.intervals import add_bounds, levels_of_model
from keras_rnn_recipes.builders.language_model import (
    copy_recurrent_weights,
    generating_functions,
    language_model,
    language_reader,
    language_step,
    stateful_copy,
)
from keras_rnn_recipes.builders.memory_network import REMEDIES, memory_network
from keras_rnn_recipes.builders.presets import (
    PRESETS,
    build_forecaster,
    conv,
    deep_rnn,
    dense,
    gru,
    linear,
    lstm,
    simple_rnn,
)
from keras_rnn_recipes.builders.pretrained import pretrained_forecaster
from keras_rnn_recipes.builders.sequence_classifier import sequence_classifier
from keras_rnn_recipes.builders.sequence_tagger import sequence_tagger
from keras_rnn_recipes.builders.speech_recognizer import speech_recognizer
from keras_rnn_recipes.builders.stack import recurrent_stack
from keras_rnn_recipes.builders.text_classifier import averaged_embeddings, text_classifier
from keras_rnn_recipes.builders.to_forecaster import (
    ForecasterInfo,
    distribution_of_model,
    forecaster_info,
    to_forecaster,
)

__all__ = [
    "PRESETS",
    "REMEDIES",
    "ForecasterInfo",
    "add_bounds",
    "application_encoder",
    "averaged_embeddings",
    "build_forecaster",
    "captioner",
    "conv",
    "copy_recurrent_weights",
    "decode_step",
    "decoding_functions",
    "deep_rnn",
    "dense",
    "direct_forecaster",
    "distribution_of_model",
    "encode_model",
    "encoder_decoder",
    "forecaster",
    "forecaster_info",
    "generating_functions",
    "gru",
    "language_model",
    "language_reader",
    "language_step",
    "levels_of_model",
    "linear",
    "lstm",
    "memory_network",
    "pretrained_forecaster",
    "recurrent_stack",
    "recursive_forecaster",
    "seq2seq_forecaster",
    "sequence_classifier",
    "sequence_tagger",
    "simple_rnn",
    "speech_recognizer",
    "stateful_copy",
    "text_classifier",
    "to_forecaster",
]
