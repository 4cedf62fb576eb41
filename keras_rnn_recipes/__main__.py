"""``python -m keras_rnn_recipes`` is ``krr``."""

from keras_rnn_recipes.cli.commands import main

if __name__ == "__main__":
    main()
