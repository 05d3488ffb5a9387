"""Pure decisions of the graph: no database, no network; the same texts give the same graph."""
