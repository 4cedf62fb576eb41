"""Images, sounds, videos and sequences of vectors: read from files, and brought into one form."""
