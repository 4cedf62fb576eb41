"""``krr``, or ``python -m keras_rnn_recipes``."""

from __future__ import annotations

import atexit
import gc
import signal
import sys


def main() -> None:
    """Run the command line, with a line in place of a traceback if it is interrupted early."""
    # The interpreter ends with a collection of garbage, which would look at all that TensorFlow has
    # for more than a second.
    atexit.register(gc.freeze)
    try:
        from keras_rnn_recipes.cli.commands import main as run

        run()
    except KeyboardInterrupt:  # while the command line itself was imported
        print("\nInterrupted.", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        # Nothing is left to tidy, so a signal may end the interpreter's own clean-up.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
