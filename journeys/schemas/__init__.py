"""What a company's events and customers hold: declared in schemas/*.yaml, read, joined, inferred from what happened."""
