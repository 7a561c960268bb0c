"""Calls: from a question that a journey asks to a service of the project, to its answer as a touchpoint."""
