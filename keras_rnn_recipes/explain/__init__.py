"""``krr explain``: a page that steps through an unrolled network, forward and back.

`scene` is the drawing, `story` the text of each stage, `page` puts both into one file, and
`inputs` reads the model and the sequence that the command line names. All numbers are computed
here; the page's script only formats and shows them.
"""
