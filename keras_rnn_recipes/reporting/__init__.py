"""What a person reads: report pages, plots, number formats and tables of results."""
