"""Places: their shapes on earth, the cells by which they are found, and who is inside of which."""
