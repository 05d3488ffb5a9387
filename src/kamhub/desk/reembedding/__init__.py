"""Another model for the vectors of everything an organisation knows: what it will cost, and doing it. Owns no table.

Searches go on with the vectors there are until those of the new model are complete; then the old ones are removed.
"""
