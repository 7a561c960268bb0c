"""What was learned: from decisions and receipts to models that every worker asks."""
