"""Run recipes with several seeds and record their figures for the tables in the READMEs.

    python benchmarks/record_recipes.py                   every recipe whose data are available
    python benchmarks/record_recipes.py co2_lstm_direct   that one

Each run goes to ``runs/record/<recipe>-<seed>``; its figures are kept as
``recipes/<family>/results/<recipe>/seed<k>.json``. `make tables` then rewrites the READMEs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.catalogue import list_recipes
from keras_rnn_recipes.runs.records import record_run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", help="names without their family; all by default")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    for recipe in list_recipes():
        if given.recipes and recipe.name.rsplit("/", 1)[-1] not in given.recipes:
            continue
        results = recipe.path.parent / "results"
        for seed in range(given.seeds):
            run_dir = Path("runs/record") / f"{recipe.name.rsplit('/', 1)[-1]}-{seed}"
            overrides = [f"fit.seed={seed}"]
            try:
                result = krr.run(recipe.name, run_dir, overrides=overrides, overwrite=True)
            except krr.UserError as error:
                print(f"{recipe.name}: {error}")
                break
            print(
                record_run(run_dir, recipe.name, results),
                f"{result.wall_seconds:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
