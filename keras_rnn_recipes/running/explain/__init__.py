"""``krr explain``: a page that goes through an unrolled network, forward and back.

`scene` is the drawing, `story` what is said at each stage, `page` puts both into one file, and
`given` and `forecaster` read the model and the sequence that the command line names. Everything
that is computed is computed here; the page formats and shows.
"""
