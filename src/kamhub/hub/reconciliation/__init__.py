"""The list of the provider held against ours, day by day. Tables: reconciliations."""
