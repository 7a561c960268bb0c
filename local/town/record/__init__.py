"""A run of the town kept as one page that anybody can open: a replay, charts, and why each decision was taken."""
