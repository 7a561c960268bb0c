"""The `sillage` command: each family of commands in a file of its own, imported when it is called."""
