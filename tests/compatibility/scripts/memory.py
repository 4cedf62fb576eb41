"""How far back does a recurrent network remember? Longer and longer lags, until it fails.

Run by `krr run RECIPE`, or by itself: `python memory.py --config my.toml`. What is done for a short
memory (gates, connections from further back, another start, clipping) is what the networks of a
recipe differ in; everything else is the same for all of them.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr


def main(config, run):
    """Let the networks that ``config`` lists climb from lag to lag; write it all into ``run``."""
    # What is to be remembered: two numbers to add, symbols to copy, digits to reverse. The longer
    # the lag, the more steps lie between what is shown and the answer.
    data, network, name = config.data, config.model, config.model.cells[0]
    print(krr.describe_problem(config))
    run.write_config(config)

    # A few sequences at the shortest lag, and a network that has learnt nothing: by how much does
    # its error at the last step change with its state at each step before? What hardly changes it
    # is hardly learnt.
    problem = krr.MemoryProblem(data.problem, data.lags[0], data.symbols)
    shown = problem.draw(8, seed=config.fit.seed, first=0)

    # All of them are built by one function, whose only difference is the remedy.
    build = partial(
        krr.memory_network,
        channels=problem.channels,
        width=problem.width,
        asked=problem.asked,
        units=network.units,
        seed=config.fit.seed,
    )
    flow = krr.gradient_flow(build(name), *shown, loss=krr.memory_loss(problem))
    print(krr.judge_flow(flow).to_string(index=False))

    # Every network is trained at one lag after the other, from the start each time, until it has
    # not solved one in the steps that it is given. Sequences that it is judged on are never trained
    # on. Each trial is kept as soon as it is over, so that a long run can be resumed.
    trials, model = krr.climb(config, run, told=partial(print, flush=True))

    # The longest lag that each one solved, how many steps of training that took, and what is left
    # of the gradient on the way back.
    record = krr.memory_record(trials, config, model)
    run.write_json("metrics.json", record)

    # To be read: which lags were solved, and how the gradient falls with the lag. Several seeds
    # make one table: `krr table` of their run directories.
    run.write_environment(config.fit.seed)
    krr.write_memory_report(run.path, trials)
    print(krr.memory_table(record, name=name))
    print(krr.describe_artefacts(run.path))


if __name__ == "__main__":
    krr.run_from_command_line(main)
