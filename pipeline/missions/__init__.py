"""One module per mission: which products it has, where the archive keeps them, what their variables mean."""
