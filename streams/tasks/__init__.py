"""Tasks as people who do them see them: what is open, and how an outcome comes back."""
