"""Numbers an operator sets for the whole organisation: rest of drivers, length of a hold, close of sales.

Owns no table: they are columns of organisations. The three numbers are their own version.
"""
