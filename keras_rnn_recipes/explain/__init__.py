"""``krr explain``: a page that steps through an unrolled network, forward and backward.

`scene` lays out the drawing, `story` writes the text of each stage, `page` joins both in one file,
and `inputs` reads the model and the sequence that the command line names. All numbers are computed
here; the script of the page only formats and shows them.
"""
