"""The state of the hub on one page: promises, backups, jobs, services of others, our own. Owns no table.

Each part is loaded by itself and can fail alone. Of what is the whole installation's an organisation is told how it is, and
nothing of anybody else.
"""
