"""Why: traces in plain language, a person's story, and what did not happen with what would have to be true."""
