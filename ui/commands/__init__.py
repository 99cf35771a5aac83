"""One file for each family of commands. At the top of these files only light imports: `--help` must be quick."""
