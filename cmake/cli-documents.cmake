# The man page and the shells' completions come out of the command's own option table.
