"""The verbs: create, list, verify, restore, prune. Only one of those that change something runs at a time."""
