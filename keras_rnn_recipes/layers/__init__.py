"""Keras layers that the builders combine; all of them are registered for saving."""

from keras_rnn_recipes.layers.alignment import AlignEnd, AlignStart
from keras_rnn_recipes.layers.attention import AdditiveAttention, MultiplicativeAttention
from keras_rnn_recipes.layers.augmentation import MaskSpans, RandomSpeed, RandomStretch, RandomTurn
from keras_rnn_recipes.layers.bands import AttendBands
from keras_rnn_recipes.layers.characters import CharacterConvolution
from keras_rnn_recipes.layers.convolution import ConvolveSteps
from keras_rnn_recipes.layers.covariates import BesideHistory, KnownAhead, KnownColumns, TakeColumns
from keras_rnn_recipes.layers.crf import CRF, crf_loss
from keras_rnn_recipes.layers.ctc import BlankPadding
from keras_rnn_recipes.layers.extended_embedding import ExtendedEmbedding
from keras_rnn_recipes.layers.folding import FoldTokens, UnfoldTokens
from keras_rnn_recipes.layers.forecast_mixture import ForecastMixture
from keras_rnn_recipes.layers.frame_heads import IndependentKeys, NADEKeys
from keras_rnn_recipes.layers.frame_history import CopyFrames, FrameHistory
from keras_rnn_recipes.layers.frames import EncodeFrames
from keras_rnn_recipes.layers.image_variation import ImageVariation
from keras_rnn_recipes.layers.intervals import ForecastBounds
from keras_rnn_recipes.layers.lags import Lags
from keras_rnn_recipes.layers.log_mel import LogMel
from keras_rnn_recipes.layers.members import MemberMean, MemberMedian, MemberShare
from keras_rnn_recipes.layers.missing import FillMissing
from keras_rnn_recipes.layers.ngrams import LogitMixture, NGramLogits
from keras_rnn_recipes.layers.output import BothEnds, ForecastOutput, LastStep
from keras_rnn_recipes.layers.padding import PaddingMask
from keras_rnn_recipes.layers.paths import SampledPaths
from keras_rnn_recipes.layers.places import PlacePositions
from keras_rnn_recipes.layers.pooling import AttentionPooling, MaskedPooling
from keras_rnn_recipes.layers.quantiles import DistributionQuantiles
from keras_rnn_recipes.layers.recursion import Recursion
from keras_rnn_recipes.layers.relative_attention import RelativeAttention
from keras_rnn_recipes.layers.scaling import Normalise, WindowStatistics
from keras_rnn_recipes.layers.seasonality import SeasonalBase
from keras_rnn_recipes.layers.served import ServedForecast
from keras_rnn_recipes.layers.skeleton import CenterSkeleton
from keras_rnn_recipes.layers.skip_cell import SkipCell
from keras_rnn_recipes.layers.stepping import CellStep
from keras_rnn_recipes.layers.steps import RealSteps, StandardizeSequence, StepDifferences
from keras_rnn_recipes.layers.tied_embedding import TiedEmbedding
from keras_rnn_recipes.registration import register_with_keras

__all__ = [
    "CRF",
    "AdditiveAttention",
    "AlignEnd",
    "AlignStart",
    "AttendBands",
    "AttentionPooling",
    "BesideHistory",
    "BlankPadding",
    "BothEnds",
    "CellStep",
    "CenterSkeleton",
    "CharacterConvolution",
    "ConvolveSteps",
    "CopyFrames",
    "DistributionQuantiles",
    "EncodeFrames",
    "ExtendedEmbedding",
    "FillMissing",
    "FoldTokens",
    "ForecastBounds",
    "ForecastMixture",
    "ForecastOutput",
    "FrameHistory",
    "ImageVariation",
    "IndependentKeys",
    "KnownAhead",
    "KnownColumns",
    "Lags",
    "LastStep",
    "LogMel",
    "LogitMixture",
    "MaskSpans",
    "MaskedPooling",
    "MemberMean",
    "MemberMedian",
    "MemberShare",
    "MultiplicativeAttention",
    "NADEKeys",
    "NGramLogits",
    "Normalise",
    "PaddingMask",
    "RandomSpeed",
    "RandomStretch",
    "RandomTurn",
    "RealSteps",
    "PlacePositions",
    "Recursion",
    "RelativeAttention",
    "SampledPaths",
    "SeasonalBase",
    "ServedForecast",
    "SkipCell",
    "StandardizeSequence",
    "StepDifferences",
    "TakeColumns",
    "TiedEmbedding",
    "UnfoldTokens",
    "WindowStatistics",
    "crf_loss",
]

# With these imported first, Keras could not register the rest.
register_with_keras()
