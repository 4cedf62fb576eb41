"""Whether the targets are met: better and faster than the recurrent peers, with defaults too."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.forecasting.contenders import DEFAULTS, EQUAL, OURS, QUICK, RECIPE, Contender
from benchmarks.measuring import table, verdict

Figures = Mapping[str, float]
# Shares of the closest recurrent peer's wall time, and of the recipe's errors.
TIME_SHARE, NEAR = 1 / 3, 1.03
VARIANTS = (RECIPE, DEFAULTS, EQUAL, QUICK)
HEADINGS = (
    *("task", "recipe better than every recurrent peer", "the closest of them"),
    *("our quickest that is better than all of them", "its time of the closest's"),
    *("at most a third", "recipe level with NHITS or better", "our quickest that is"),
    *("its time of NHITS's", "less than it", "`krr forecast` to the recipe", "within 3 %"),
)


def verdicts(medians: Mapping[str, Mapping[str, Figures]]) -> str:
    """A table with a line for each task that our recipe has run.

    Args:
        medians: by task and contender's name: smape, mase, seconds.
    """
    lines = [_line(task, found) for task, found in medians.items() if found.get(_ours(RECIPE))]
    return table(HEADINGS, lines) if lines else ""


def _line(task: str, found: Mapping[str, Figures]) -> list[str]:
    ours = {variant: m for variant in VARIANTS if (m := found.get(_ours(variant)))}
    peers = {Contender(*name.split("/")): m for name, m in found.items() if m}
    recurrent = {c: m for c, m in peers.items() if c.recurrent and c.library != OURS}
    nhits = {c: m for c, m in peers.items() if c.model == "NHITS"}
    return [
        task,
        *_against_recurrent(ours, recurrent),
        *_against_nhits(ours, nhits),
        *_default(ours[RECIPE], ours.get(DEFAULTS)),
    ]


def _against_recurrent(
    ours: Mapping[str, Figures], peers: Mapping[Contender, Figures]
) -> list[str]:
    if not peers:
        return ["–"] * 5
    recipe = ours[RECIPE]
    ahead = [c for c, m in peers.items() if min(ratios(m, recipe)) <= 1]
    names = ", ".join(_short(contender) for contender in ahead)
    closest = min(peers, key=lambda contender: sum(ratios(peers[contender], recipe)))
    better = {v: m for v, m in ours.items() if all(min(ratios(p, m)) > 1 for p in peers.values())}
    time = _quickest(better, peers[closest])
    return [f"no: {names}" if ahead else "yes", _short(closest), *time[:2], verdict(time[2])]


def _against_nhits(ours: Mapping[str, Figures], peers: Mapping[Contender, Figures]) -> list[str]:
    """Comparison with the better of the two NHITS settings."""
    if not peers:
        return ["–"] * 4
    best = min(peers.values(), key=lambda figures: sum(ratios(figures, ours[RECIPE])))
    level = {variant: m for variant, m in ours.items() if min(ratios(best, m)) >= 1}
    name, share, _ = _quickest(level, best)
    return [verdict(RECIPE in level), name, share, verdict(share != "–" and float(share) < 1)]


def _quickest(ours: Mapping[str, Figures], peer: Figures) -> tuple[str, str, bool]:
    """Our fastest row, its share of the peer's time, and whether that is at most a third."""
    if not ours:
        return "–", "–", False
    name = min(ours, key=lambda variant: ours[variant]["seconds"])
    share = ours[name]["seconds"] / peer["seconds"]
    return name, f"{share:.2f}", share <= TIME_SHARE


def _default(ours: Figures, default: Figures | None) -> list[str]:
    if not default:
        return ["–"] * 2
    smape, mase = ratios(default, ours)
    return [f"{smape:.3f}, {mase:.3f}", verdict(max(smape, mase) <= NEAR)]


def ratios(figures: Figures, ours: Figures) -> tuple[float, float]:
    """The peer's sMAPE and MASE divided by ours: above 1, ours is better."""
    return figures["smape"] / ours["smape"], figures["mase"] / ours["mase"]


def _ours(variant: str) -> str:
    return f"{OURS}/LSTM/{variant}"


def _short(contender: Contender) -> str:
    return f"{contender.model} ({contender.library}" + (
        ", equal)" if contender.variant == EQUAL else ")"
    )
