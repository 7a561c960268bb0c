"""A town of customers that is made up: what they do, what they get, and how to look at it."""
