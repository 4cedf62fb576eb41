"""A linear-chain conditional random field over tags, represented by one tensor of potentials."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered

# Far below any sum of scores, and far from the limit of float32 even in the sum over a long text.
FORBIDDEN = -1e9


@registered
class CRF(layers.Layer):
    """Add learned transition scores to the network's score of each tag.

    The score of a sequence of tags is the sum of one potential per step: the network's score of the
    tag at this step plus the transition score from the tag before. The potentials contain the
    scores of the start and the end of the sequence and its padding, so that `crf_loss` and
    `keras_rnn_recipes.decoding.viterbi` need no mask. At a padded step a tag may only repeat, with
    score 0; all other tags are forbidden.

    Args:
        num_tags: number of tags.
        allowed: ``(num_tags + 1, num_tags + 1)`` bool, which tag (column) may follow which (row);
            the last row is the start of a sequence, the last column its end. None allows all.
            `keras_rnn_recipes.text.tags.allowed_transitions` makes one from tag names.

    Call arguments:
        emissions: ``(batch, time, num_tags)``, the network's score of each tag, not normalized.
        mask: ``(batch, time)`` bool, true for real steps; padding must be on the right. None: all
            steps are real.

    Returns:
        ``(batch, time, num_tags, num_tags)``, always float32 unless the layer is given another
        dtype: ``[b, t, i, j]`` is the score of tag j at step t after tag i. At the first step all
        rows are the same.

    Raises:
        ValueError: ``allowed`` has another shape, or allows no sequence to begin or to end;
            emissions have another width than ``num_tags``.

    Source: Lafferty, McCallum and Pereira 2001; on top of a recurrent network: Huang, Xu and Yu
        2015, Lample et al. 2016 (equation 1).

    Example:
        >>> layer = CRF(2)
        >>> potentials = layer(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[True, False]]))
        >>> np.array(potentials[0]).tolist()
        [[[1.0, 2.0], [1.0, 2.0]], [[0.0, -1000000000.0], [-1000000000.0, 0.0]]]
    """

    def __init__(self, num_tags, allowed=None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        if num_tags < 1:
            raise ValueError(f"num_tags must be at least 1; received {num_tags}.")
        self.num_tags = num_tags
        self.supports_masking = True
        self.allowed = None if allowed is None else _checked(allowed, num_tags)

    def build(self, emissions_shape):
        if emissions_shape[-1] != self.num_tags:
            raise ValueError(
                f"emissions must have num_tags={self.num_tags} channels; received "
                f"{emissions_shape[-1]}."
            )
        tags = (self.num_tags,)
        self.transitions = self.add_weight(tags * 2, "zeros", name="transitions")
        self.start = self.add_weight(tags, "zeros", name="start")
        self.end = self.add_weight(tags, "zeros", name="end")

    def call(self, emissions, mask=None):
        if mask is None:
            mask = ops.ones_like(emissions[..., 0], dtype="bool")
        transitions, start, end = self._scores(emissions.dtype)
        first = ops.arange(ops.shape(emissions)[1])[:, None, None] == 0
        before = ops.where(first, start[None, None, :], transitions[None])
        after = ops.where(_is_last(mask)[..., None], end, ops.zeros_like(end))
        potentials = before[None] + (emissions + after)[:, :, None, :]
        stay = ops.convert_to_tensor(
            np.where(np.eye(self.num_tags), 0, FORBIDDEN), potentials.dtype
        )
        return ops.where(mask[..., None, None], potentials, stay)

    def _scores(self, dtype):
        """Transition, start and end scores, with what is not allowed at `FORBIDDEN`."""
        scores = (self.transitions, self.start, self.end)
        if self.allowed is None:
            return scores
        allowed = np.array(self.allowed)
        parts = (allowed[:-1, :-1], allowed[-1, :-1], allowed[:-1, -1])
        barriers = [ops.convert_to_tensor(np.where(part, 0, FORBIDDEN), dtype) for part in parts]
        return tuple(score + barrier for score, barrier in zip(scores, barriers, strict=True))

    def compute_mask(self, emissions, mask=None):
        return None  # the potentials contain the padding; a mask over time would weight the loss

    def compute_output_shape(self, emissions_shape, mask_shape=None):
        return (*emissions_shape[:2], self.num_tags, self.num_tags)

    def get_config(self):
        allowed = None if self.allowed is None else [list(row) for row in self.allowed]
        return {**super().get_config(), "num_tags": self.num_tags, "allowed": allowed}


@registered
def crf_loss(tags: Any, potentials: Any) -> Any:
    """Negative log-likelihood of tags given the potentials of a `CRF`, for ``model.compile``.

    Args:
        tags: ``(batch, time)`` integers; -1 at padded steps, which are on the right.
        potentials: ``(batch, time, num_tags, num_tags)``, from `CRF`.

    Returns:
        ``(batch,)`` nats per sequence, 0 for a sequence of padding only. The gradient with respect
        to the potentials is the expected minus the observed transitions.

    Source: Lample et al. 2016, section 2.2; the sum over all sequences by the forward algorithm
        (Rabiner 1989) in log space.

    Example:
        >>> loss = crf_loss(np.array([[0, 1, 1]]), CRF(2)(np.zeros((1, 3, 2))))
        >>> round(float(loss[0]), 4)  # log(2 ** 3)
        2.0794
    """
    return log_partition(potentials) - sequence_score(tags, potentials)


def sequence_score(tags: Any, potentials: Any) -> Any:
    """Sum of the potentials along one sequence of tags, not normalized.

    Args:
        tags, potentials: as in `crf_loss`.

    Returns:
        ``(batch,)`` nats.

    Example:
        >>> potentials = CRF(2)(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
        >>> np.array(sequence_score(np.array([[1, 0]]), potentials)).tolist()
        [5.0]
    """
    num_tags = potentials.shape[-1]
    tags = ops.cast(tags, "int32")
    real = tags >= 0
    tags = ops.maximum(tags, 0)
    before = ops.concatenate([ops.zeros_like(tags[:, :1]), tags[:, :-1]], axis=1)
    batch, time = ops.shape(potentials)[:2]
    flat = ops.reshape(potentials, (batch, time, num_tags**2))
    taken = ops.take_along_axis(flat, (before * num_tags + tags)[..., None], axis=2)[..., 0]
    return ops.sum(ops.where(real, taken, ops.zeros_like(taken)), axis=1)


def log_partition(potentials: Any) -> Any:
    """Log-sum-exp of the scores of all sequences of tags, by the forward algorithm.

    Args:
        potentials: as in `crf_loss`.

    Returns:
        ``(batch,)`` nats.

    Example:
        >>> round(float(log_partition(CRF(3)(np.zeros((1, 2, 3))))[0]), 4)  # log(3 ** 2)
        2.1972
    """

    def step(scores, at_step):
        scores = ops.logsumexp(scores[:, :, None] + at_step, axis=1)
        return scores, scores

    start = forward_start(potentials)
    scores, _ = ops.scan(step, start, ops.transpose(potentials, (1, 0, 2, 3)))
    return ops.logsumexp(scores, axis=1)


def forward_start(potentials: Any) -> Any:
    """Initial scores of a recursion over time, as if tag 0 stood before the first step.

    All rows of the first potential are the same, so the choice of that tag does not matter.

    Args:
        potentials: as in `crf_loss`.

    Returns:
        ``(batch, num_tags)``: 0 for tag 0, forbidden for the others.
    """
    outside = ops.arange(potentials.shape[-1]) > 0
    barrier = ops.cast(outside, potentials.dtype) * FORBIDDEN
    return ops.zeros_like(potentials[:, 0, 0]) + barrier


def _is_last(mask: Any) -> Any:
    """True at the last real step of each sequence, ``(batch, time)`` bool."""
    following = ops.concatenate([mask[:, 1:], ops.zeros_like(mask[:, :1])], axis=1)
    return ops.logical_and(mask, ops.logical_not(following))


def _checked(allowed: Any, num_tags: int) -> tuple[tuple[bool, ...], ...]:
    table = np.array(allowed, dtype=bool)
    if table.shape != (num_tags + 1, num_tags + 1):
        raise ValueError(
            f"allowed must have the shape {(num_tags + 1, num_tags + 1)}, one row and column more "
            f"than there are tags; received {table.shape}."
        )
    if not table[-1, :-1].any() or not table[:-1, -1].any():
        raise ValueError(
            "allowed must let a sequence begin and end; received a table whose last row or last "
            "column allows no tag."
        )
    return tuple(tuple(row) for row in table.tolist())
