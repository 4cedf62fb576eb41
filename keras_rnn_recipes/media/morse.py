"""Generated recordings of Morse code in noise, with their texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_rnn_recipes.media.sequences import LabelledSequences

RATE = 4000

CODE = {
    **{"A": ".-", "B": "-...", "C": "-.-.", "D": "-..", "E": ".", "F": "..-.", "G": "--."},
    **{"H": "....", "I": "..", "J": ".---", "K": "-.-", "L": ".-..", "M": "--", "N": "-."},
    **{"O": "---", "P": ".--.", "Q": "--.-", "R": ".-.", "S": "...", "T": "-", "U": "..-"},
    **{"V": "...-", "W": ".--", "X": "-..-", "Y": "-.--", "Z": "--..", "0": "-----"},
    **{"1": ".----", "2": "..---", "3": "...--", "4": "....-", "5": ".....", "6": "-...."},
    **{"7": "--...", "8": "---..", "9": "----."},
}

# fmt: off
WORDS = (
    "THE", "AND", "YOU", "FOR", "ARE", "NOT", "BUT", "ALL", "CAN", "WAS", "ONE", "OUT", "DAY",
    "GET", "HAS", "HIM", "HOW", "MAN", "NEW", "NOW", "OLD", "SEE", "TWO", "WAY", "WHO", "BOY",
    "DID", "LET", "PUT", "SAY", "SHE", "TOO", "USE", "NAME", "TEST", "CALL", "BACK", "GOOD",
    "RIG", "ANT", "WX", "RST", "QTH", "QSL", "QSO", "CQ", "DE", "TNX", "FB", "HR", "UR", "ES",
    "OM", "SUN", "RAIN", "WIND", "COLD", "WARM", "WATTS", "DIPOLE", "POWER", "RADIO", "STATION",
    "WEATHER", "CLOUDY", "SHIP", "COAST", "NORTH", "SOUTH", "EAST", "WEST", "PORT", "SEA",
    "TIME", "HOUR", "CLEAR", "OVER",
)
# fmt: on

# Of which random groups are made; stations send digits as well.
LETTERS = [one for one in CODE if one.isalpha()]

# Words a minute, by the word PARIS: the speeds of a part differ from those of the others.
TRAINING_SPEEDS = (16.0, 19.0, 22.0, 26.0)
VALIDATION_SPEEDS = (17.0, 20.0, 24.0, 27.0)
TEST_SPEEDS = (18.0, 21.0, 25.0, 28.0)

# Power of the tone over that of the noise in the whole band, in decibels; in training from the
# first number to the second.
TRAINING_DECIBELS = (-4.0, 5.0)
TEST_DECIBELS = -3.0


def morse(
    *, train_size: int = 6000, valid_size: int = 200, test_size: int = 300, seed: int = 0
) -> tuple[LabelledSequences, LabelledSequences, LabelledSequences]:
    """Recordings of Morse code, 4,000 samples a second.

    Each has a pitch of 450 to 900 Hz, a speed, fading, and the unsteady hand of a person. Half of
    the words are common ones, half are random groups of letters. Half of the recordings of the
    training part are single groups of one to three letters, from which a network learns the code
    sooner. The tone is -4 to 5 decibels above the noise in the training part, -3 in the others.

    Args:
        train_size, valid_size, test_size: recordings in each part.
        seed: of the recordings.

    Returns:
        Training, validation and test part; the labels are the texts.

    Example:
        >>> train, valid, test = morse(train_size=2, valid_size=1, test_size=1)
        >>> train.channels, train.rate, set(train.labels[0]) <= {" ", *CODE}
        (('waveform',), 4000, True)
    """
    random = np.random.default_rng(seed)
    loud = (TEST_DECIBELS, TEST_DECIBELS)
    short = [_group(1, 3, random) for _ in range(train_size // 2)]
    longer, valid_texts, test_texts = (
        [_text(random) for _ in range(size)]
        for size in (train_size - len(short), valid_size, test_size)
    )
    train = _part(short + longer, "train", TRAINING_SPEEDS, TRAINING_DECIBELS, random)
    valid = _part(valid_texts, "valid", VALIDATION_SPEEDS, loud, random)
    test = _part(test_texts, "test", TEST_SPEEDS, loud, random)
    return train, valid, test


def _part(
    texts: Sequence[str],
    name: str,
    speeds: Sequence[float],
    decibels: tuple[float, float],
    random: np.random.Generator,
) -> LabelledSequences:
    waveforms = tuple(
        keyed_tone(
            text,
            speed=float(random.choice(speeds)),
            pitch=random.uniform(450, 900),
            decibels=random.uniform(*decibels),
            random=random,
        )[:, None]
        for text in texts
    )
    names = tuple(f"{name}-{number}" for number in range(1, len(texts) + 1))
    return LabelledSequences(waveforms, tuple(texts), names, ("waveform",), RATE)


def _text(random: np.random.Generator) -> str:
    """One or two words, at most ten characters."""
    words = [_word(random) for _ in range(int(random.integers(1, 3)))]
    return " ".join(words)[:10].strip()


def _word(random: np.random.Generator) -> str:
    if random.random() < 0.5:
        return str(random.choice(WORDS))
    return _group(2, 5, random)


def _group(fewest: int, most: int, random: np.random.Generator) -> str:
    return "".join(random.choice(LETTERS, int(random.integers(fewest, most + 1))))


def keyed_tone(
    text: str, *, speed: float, pitch: float, decibels: float, random: np.random.Generator
) -> np.ndarray:
    """A text in Morse code as a waveform in noise.

    Args:
        text: letters and digits of `CODE`, and spaces.
        speed: words a minute.
        pitch: of the tone, in Hz.
        decibels: power of the tone over that of the noise.
        random: of timing, fading and noise.

    Returns:
        float32 ``(samples,)``, at most 1 in size.

    Example:
        >>> random = np.random.default_rng(0)
        >>> tone = keyed_tone("E", speed=12, pitch=600, decibels=20, random=random)
        >>> 0.8 < len(tone) / RATE < 1.5
        True
    """
    envelope = _envelope(text, 1.2 / speed, random)
    time = np.arange(len(envelope)) / RATE
    tone = np.sqrt(2) * np.sin(2 * np.pi * pitch * time + random.uniform(0, 2 * np.pi))
    fading = 1 + 0.3 * np.sin(2 * np.pi * random.uniform(0.05, 0.3) * time + random.uniform(0, 6))
    noise = random.normal(0, 10 ** (-decibels / 20), len(envelope))
    waveform = envelope * fading * tone + noise
    return (waveform / np.abs(waveform).max()).astype("float32")


def _envelope(text: str, dot: float, random: np.random.Generator) -> np.ndarray:
    """The key over time: up or down, with edges of a few milliseconds."""
    elements = [(0.0, random.uniform(0.05, 0.3))]
    for word in text.split():
        for letter in word:
            for mark in CODE[letter]:
                length = (1 if mark == "." else 3) * dot
                elements += [(1.0, length * random.uniform(0.85, 1.15)), (0.0, dot)]
            elements.append((0.0, 2 * dot * random.uniform(0.85, 1.25)))
        elements.append((0.0, 4 * dot * random.uniform(0.85, 1.25)))
    elements.append((0.0, random.uniform(0.05, 0.2)))
    parts = [np.full(round(seconds * RATE), level) for level, seconds in elements]
    edge = np.hanning(round(0.006 * RATE) + 2)[1:-1]
    return np.convolve(np.concatenate(parts), edge / edge.sum(), mode="same")
