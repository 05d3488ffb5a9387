"""How long rows are kept, and the job that ends those that have grown too old. Owns no table.

Every table is in one of two lists: what is removed after how long, or what is kept and why. A feature of a higher storey
adds lists of its own; a test holds the two against the tables there are.
"""
