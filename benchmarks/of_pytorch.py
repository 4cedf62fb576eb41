"""The networks of `pytorch.py`, built and trained with PyTorch."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from pytorch import serve
from torch import nn
from torch.nn import functional


class Classifier(nn.Module):
    """Embedding, a bidirectional LSTM, the maximum over time, logits."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(sizes["words"], sizes["width"])
        self.lstm = nn.LSTM(sizes["width"], sizes["units"], batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(sizes["dropout"])
        self.logits = nn.Linear(2 * sizes["units"], sizes["classes"])

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits ``(rows, classes)``."""
        encoded, _ = self.lstm(self.dropout(self.embedding(tokens)))
        return self.logits(self.dropout(encoded).max(dim=1).values)


class Tagger(nn.Module):
    """Embeddings of words and of their characters, a bidirectional LSTM, scores of tags."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.words = nn.Embedding(sizes["words"], sizes["width"])
        self.letters = nn.Embedding(sizes["letters"], sizes["letter_width"])
        self.convolution = nn.Conv1d(sizes["letter_width"], sizes["filters"], 3, padding=1)
        width = sizes["width"] + sizes["filters"]
        self.lstm = nn.LSTM(width, sizes["units"], batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(sizes["dropout"])
        self.emissions = nn.Linear(2 * sizes["units"], sizes["classes"])
        if sizes["crf"]:
            self.transitions = nn.Parameter(torch.zeros(sizes["classes"], sizes["classes"]))
            self.start = nn.Parameter(torch.zeros(sizes["classes"]))
            self.end = nn.Parameter(torch.zeros(sizes["classes"]))

    def forward(self, tokens: torch.Tensor, letters: torch.Tensor) -> torch.Tensor:
        """Scores of tags ``(rows, time, classes)``."""
        rows, steps, length = letters.shape
        spelled = self.letters(letters.view(rows * steps, length)).transpose(1, 2)
        spelling = functional.relu(self.convolution(spelled)).max(dim=2).values
        both = torch.cat([self.words(tokens), spelling.view(rows, steps, -1)], dim=-1)
        encoded, _ = self.lstm(self.dropout(both))
        return self.emissions(self.dropout(encoded))

    def crf_loss(self, emissions: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        """The mean negative log-likelihood, by the forward algorithm."""
        scores = self.start + emissions[:, 0]
        for step in emissions.unbind(dim=1)[1:]:
            scores = torch.logsumexp(scores[:, :, None] + self.transitions, dim=1) + step
        total = torch.logsumexp(scores + self.end, dim=1)
        own = emissions.gather(2, tags[:, :, None])[:, :, 0].sum(dim=1)
        between = self.transitions[tags[:, :-1], tags[:, 1:]].sum(dim=1)
        return (total - own - between - self.start[tags[:, 0]] - self.end[tags[:, -1]]).mean()


class LanguageModel(nn.Module):
    """A tied embedding and an LSTM; the same channels are dropped at all steps."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(sizes["words"], sizes["width"])
        self.bias = nn.Parameter(torch.zeros(sizes["words"]))
        self.lstm = nn.LSTM(sizes["width"], sizes["units"], batch_first=True)
        self.dropout = nn.Dropout1d(sizes["dropout"])
        self.states: Any = None

    def drop(self, values: torch.Tensor) -> torch.Tensor:
        """Drop the same channels at all steps."""
        return self.dropout(values.transpose(1, 2)).transpose(1, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits ``(rows, time, words)`` of the next token."""
        encoded, states = self.lstm(self.drop(self.embedding(tokens)), self.states)
        self.states = tuple(state.detach() for state in states)
        return functional.linear(self.drop(encoded), self.embedding.weight, self.bias)


class EncoderDecoder(nn.Module):
    """A bidirectional encoder, a decoder with multiplicative attention, a tied output layer."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        width, units, encoded = sizes["width"], sizes["units"], 2 * sizes["encoder_units"]
        self.source = nn.Embedding(sizes["words"], width)
        self.target = nn.Embedding(sizes["target_words"], width)
        self.bias = nn.Parameter(torch.zeros(sizes["target_words"]))
        self.encoder = nn.LSTM(width, encoded // 2, batch_first=True, bidirectional=True)
        self.bridges = nn.ModuleList([nn.Linear(encoded, units), nn.Linear(encoded, units)])
        self.decoder = nn.LSTM(width, units, batch_first=True)
        self.query = nn.Linear(units, encoded, bias=False)
        self.combined = nn.Linear(units + encoded, width, bias=False)
        self.dropout = nn.Dropout(sizes["dropout"])

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Logits ``(rows, time, words)`` of the next token of the target."""
        memory, states = self.encoder(self.dropout(self.source(source)))
        memory = self.dropout(memory)
        begin = tuple(
            torch.tanh(bridge(torch.cat([state[0], state[1]], dim=-1)))[None]
            for bridge, state in zip(self.bridges, states, strict=True)
        )
        decoded, _ = self.decoder(self.dropout(self.target(target)), begin)
        decoded = self.dropout(decoded)
        weights = torch.softmax(self.query(decoded) @ memory.transpose(1, 2), dim=-1)
        combined = torch.tanh(self.combined(torch.cat([decoded, weights @ memory], dim=-1)))
        return functional.linear(self.dropout(combined), self.target.weight, self.bias)


class Forecaster(nn.Module):
    """Two LSTM layers over a scaled series, and the whole horizon at every step."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, sizes["units"], num_layers=2, batch_first=True)
        self.head = nn.Linear(sizes["units"], sizes["horizon"])

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        """Forecasts ``(rows, time, horizon)``."""
        scale = history.mean(dim=1, keepdim=True)
        encoded, _ = self.lstm(history / scale)
        return self.head(encoded) * scale


def step_of(sizes: dict[str, Any]) -> tuple[nn.Module, Any]:
    """A network, and a function that returns its loss on a random batch."""
    shape = (sizes["rows"], sizes["time"])
    if sizes["kind"] == "forecaster":
        model: Any = Forecaster(sizes)
        history, wanted = torch.rand(*shape, 1) + 1, torch.rand(*shape, sizes["horizon"]) + 1
        return model, lambda: functional.l1_loss(model(history), wanted)
    tokens = torch.randint(4, sizes["words"], shape)
    if sizes["kind"] == "classifier":
        model, labels = Classifier(sizes), torch.randint(0, sizes["classes"], shape[:1])
        return model, lambda: functional.cross_entropy(model(tokens), labels)
    if sizes["kind"] == "tagger":
        model, tags = Tagger(sizes), torch.randint(0, sizes["classes"], shape)
        letters = torch.randint(2, sizes["letters"], (*shape, sizes["length"]))
        if sizes["crf"]:
            return model, lambda: model.crf_loss(model(tokens, letters), tags)
        return model, lambda: of_tokens(model(tokens, letters), tags)
    if sizes["kind"] == "language_model":
        model, following = LanguageModel(sizes), torch.randint(4, sizes["words"], shape)
        return model, lambda: of_tokens(model(tokens), following)
    model, target = EncoderDecoder(sizes), torch.randint(4, sizes["target_words"], shape)
    return model, lambda: of_tokens(model(tokens, target), target, sizes["smoothing"])


def of_tokens(logits: torch.Tensor, ids: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """The mean cross-entropy of the ids at every step."""
    return functional.cross_entropy(logits.flatten(0, 1), ids.flatten(), label_smoothing=smoothing)


def main() -> None:
    sizes = json.loads(sys.argv[1])
    torch.manual_seed(0)
    model, loss = step_of(sizes)
    optimizer = torch.optim.Adam(model.parameters(), 0.003)

    clock = time.process_time if sizes["busy"] else time.perf_counter

    def train(steps: int) -> float:
        started = clock()
        for _ in range(steps):
            optimizer.zero_grad()
            loss().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return clock() - started

    serve(train)


if __name__ == "__main__":
    main()
