"""`sillage backtest`: its options, its sources, and what it prints."""
