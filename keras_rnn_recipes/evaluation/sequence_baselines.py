"""Baseline classifiers of sequences: summary statistics, and the nearest neighbor under DTW."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# Sequences (time, channels) in, probabilities (sequences, classes) out.
SequenceClassifier = Callable[[Sequence[np.ndarray]], np.ndarray]

# Steps to which sequences are resampled before they are compared, the largest difference in time
# between steps that may be matched, and the most examples to compare with.
STEPS, BAND, MOST_EXAMPLES = 32, 6, 1000


def fit_summary_statistics(
    values: Sequence[np.ndarray], labels: np.ndarray, num_classes: int
) -> SequenceClassifier:
    """Logistic regression on statistics of each channel and the length of the sequence.

    Args:
        values: sequences of the training part ``(time, channels)``, NaN where a value is missing.
        labels: their class numbers ``(sequences,)``, of at least two classes.
        num_classes: number of classes; one without a training example gets probability 0.

    Returns:
        A function from sequences to probabilities ``(sequences, classes)``.

    Example:
        >>> values = [np.full((5, 1), number) for number in (0.0, 0.1, 1.0, 1.1)]
        >>> classify = fit_summary_statistics(values, np.array([0, 0, 1, 1]), 2)
        >>> classify([np.full((9, 1), 1.05)]).argmax(axis=1).tolist()
        [1]
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(summary_statistics(values), labels)

    def classify(values: Sequence[np.ndarray]) -> np.ndarray:
        probabilities = np.zeros((len(values), num_classes))
        if len(values):
            probabilities[:, model.classes_] = model.predict_proba(summary_statistics(values))
        return probabilities

    return classify


def summary_statistics(values: Sequence[np.ndarray]) -> np.ndarray:
    """Mean, deviation, extremes, ends and mean change of each channel, and the logarithmic length.

    Args:
        values: sequences ``(time, channels)``, NaN where a value is missing.

    Returns:
        float64 ``(sequences, 7 * channels + 1)``.

    Example:
        >>> summary_statistics([np.array([[1.0], [3.0]])]).round(2).tolist()
        [[2.0, 1.0, 1.0, 3.0, 1.0, 3.0, 2.0, 0.69]]
    """
    return np.stack([_statistics_of(np.asarray(one, "float64")) for one in values])


def _statistics_of(sequence: np.ndarray) -> np.ndarray:
    filled = fill_forward(sequence)
    change = np.abs(np.diff(filled, axis=0)).mean(axis=0) if len(filled) > 1 else filled[0] * 0
    extremes = (filled.min(axis=0), filled.max(axis=0), filled[0], filled[-1])
    rows = (filled.mean(axis=0), filled.std(axis=0), *extremes, change)
    return np.concatenate([*rows, [np.log(len(sequence))]])


def fill_forward(sequence: np.ndarray) -> np.ndarray:
    """Replace NaN by the last value before it, else by the first after it, else by zero.

    Args:
        sequence: ``(time, channels)``.

    Returns:
        At least one step, of zeros for a sequence without steps.

    Example:
        >>> fill_forward(np.array([[np.nan], [2.0], [np.nan]])).ravel().tolist()
        [2.0, 2.0, 2.0]
    """
    if not len(sequence):
        return np.zeros((1, sequence.shape[1]))
    known = ~np.isnan(sequence)
    steps = np.arange(len(sequence))[:, None]
    latest = np.maximum.accumulate(np.where(known, steps, -1), axis=0)
    places = np.where(latest < 0, known.argmax(axis=0), latest)
    return np.nan_to_num(np.take_along_axis(sequence, places, axis=0))


def fit_nearest_neighbor(
    values: Sequence[np.ndarray], labels: np.ndarray, num_classes: int, *, seed: int = 0
) -> SequenceClassifier:
    """The class of the nearest training example under dynamic time warping.

    Every sequence is resampled to 32 steps. Steps are matched that are at most 6 of these apart.

    Args:
        values: sequences of the training part ``(time, channels)``, scaled alike.
        labels: their class numbers ``(sequences,)``.
        num_classes: number of classes.
        seed: of the choice of 1,000 examples, if there are more.

    Returns:
        A function from sequences to probabilities ``(sequences, classes)``. That of a class is
        proportional to the inverse square of the distance from its nearest example.

    Source: Sakoe and Chiba 1978, Dynamic programming algorithm optimization for spoken word
    recognition.

    Example:
        >>> rising, falling = np.arange(9.0)[:, None], np.arange(9.0)[::-1, None]
        >>> classify = fit_nearest_neighbor([rising, falling], np.array([0, 1]), 2)
        >>> classify([np.array([[0.0], [0.0], [4.0], [9.0]])]).argmax(axis=1).tolist()
        [0]
    """
    chosen = np.arange(len(values))
    if len(values) > MOST_EXAMPLES:
        chosen = np.random.default_rng(seed).permutation(len(values))[:MOST_EXAMPLES]
    examples = np.stack([resampled(values[int(number)], STEPS) for number in chosen])
    known = np.asarray(labels)[chosen]

    def classify(values: Sequence[np.ndarray]) -> np.ndarray:
        found = np.zeros((len(values), num_classes))
        for row, one in enumerate(values):
            distances = warped_distances(resampled(one, STEPS), examples, band=BAND)
            nearest = np.full(num_classes, np.inf)
            np.minimum.at(nearest, known, distances)
            found[row] = 1 / np.maximum(nearest, 1e-12)
        return found / found.sum(axis=1, keepdims=True) if len(values) else found

    return classify


def resampled(sequence: np.ndarray, steps: int) -> np.ndarray:
    """A sequence at ``steps`` equally spaced points, interpolated linearly, without NaN.

    Args:
        sequence: ``(time, channels)``.
        steps: number of points.

    Returns:
        float64 ``(steps, channels)``.

    Example:
        >>> resampled(np.array([[0.0], [2.0]]), 3).ravel().tolist()
        [0.0, 1.0, 2.0]
    """
    filled = fill_forward(np.asarray(sequence, "float64"))
    places = np.linspace(0, len(filled) - 1, steps)
    return np.stack([np.interp(places, np.arange(len(filled)), one) for one in filled.T], axis=1)


def warped_distances(query: np.ndarray, examples: np.ndarray, *, band: int) -> np.ndarray:
    """Distances of one sequence from others of its length under dynamic time warping.

    Args:
        query: ``(steps, channels)``.
        examples: ``(examples, steps, channels)``.
        band: largest difference in time between two matched steps.

    Returns:
        The least sum of squared differences over all warping paths, ``(examples,)``.

    Example:
        >>> example = np.array([[[0.0], [0.0], [1.0]]])
        >>> warped_distances(np.array([[0.0], [1.0], [1.0]]), example, band=1).tolist()
        [0.0]
    """
    steps = len(query)
    # Squared differences of all pairs of steps, by products of matrices: (step, query, examples).
    by_step = np.ascontiguousarray(examples.transpose(1, 2, 0))
    costs = query @ (-2 * by_step)
    costs += (by_step**2).sum(axis=1)[:, None]
    costs += (query**2).sum(axis=1)[:, None]
    np.maximum(costs, 0, out=costs)
    # One row of the table of least sums, with a border of infinity; the examples come last.
    sums = np.full((steps + 1, len(examples)), np.inf)
    sums[0] = 0.0
    for row in range(steps):
        above, sums = sums, np.full_like(sums, np.inf)
        for column in range(max(row - band, 0), min(row + band + 1, steps)):
            least = np.minimum(np.minimum(above[column], above[column + 1]), sums[column])
            sums[column + 1] = costs[column, row] + least
    return sums[-1]
