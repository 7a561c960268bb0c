"""Budgets as a worker holds them: leases drawn from the shared count, so that decisions wait for nothing."""
