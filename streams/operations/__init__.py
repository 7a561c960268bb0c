"""What an operator looks at and mends: dead letters, fates of actions, lag, one customer's record, health."""
