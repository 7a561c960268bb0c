"""The backtest: a definition played over recorded events in event time, and what it would have done."""
