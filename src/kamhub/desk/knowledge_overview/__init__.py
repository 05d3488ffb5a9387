"""What an organisation's agents know, on one page: how much, what is being read, what was asked in vain; and a search of it.

Owns no table.
"""
