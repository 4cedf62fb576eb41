"""One folder for each kind of task, all of one shape.

``task`` holds the steps that the family's script calls, ``pipeline`` is what is served (raw input
in, answers out), ``inference`` predicts and evaluates with a finished run, ``report`` writes its
report. `registry` finds them by the name of the family.
"""
