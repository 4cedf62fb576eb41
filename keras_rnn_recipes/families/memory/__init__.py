"""Memory: how far back a recurrent network remembers."""
