"""What a command does from end to end: run, forecast, backtest, tune, export."""
