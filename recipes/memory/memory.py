"""Measure how far back recurrent networks remember: longer and longer lags, until they fail.

Run by `krr run RECIPE`, or by itself: `python memory.py --config my.toml`. The networks of a recipe
differ only in the remedy for short memory: gates, skip connections, initialization, clipping.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import memory


def main(config, run):
    """Train the networks of ``config`` at longer and longer lags; write the results to ``run``."""
    # The problem: add two numbers, copy symbols, or reverse digits. The lag is the number of steps
    # between an input and its answer. The gradient has to travel back over as many steps, and it
    # decays on the way.
    data, network, name = config.data, config.model, config.model.cells[0]
    print(memory.describe(config))
    run.write_config(config)

    # The gradient flow of an untrained network at the shortest lag: the norm of the loss gradient
    # with respect to the hidden state at each step. Where it vanishes, little is learned.
    problem = memory.load(data)
    shown = problem.draw(8, seed=config.fit.seed, first=0)

    # All networks are built by one function and differ only in the remedy, so that what one of them
    # solves and another does not is due to the remedy alone.
    build = partial(
        krr.memory_network,
        channels=problem.channels,
        width=problem.width,
        asked=problem.asked,
        units=network.units,
        seed=config.fit.seed,
    )
    flow = krr.gradient_flow(build(name), *shown, loss=memory.loss(problem))
    print(krr.judge_flow(flow).to_string(index=False))

    # Train every network anew at each lag, in ascending order, until it fails at one. Test
    # sequences are never trained on. Each trial is saved, so a long run can be resumed.
    trials, model = memory.climb(config, run, told=partial(print, flush=True))

    # The longest lag that each network solved, the training steps that it took, and the ratio of
    # the gradient norm at the first step to that at the last.
    record = memory.results_record(trials, config, model)
    run.write_json("metrics.json", record)

    # Write the report: which lags were solved, and how the gradient norm falls with the lag.
    # `krr table` makes one table of the runs of several seeds.
    run.write_environment(config.fit.seed)
    memory.write_report(run.path, trials)
    print(memory.results_table(record, name=name))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
