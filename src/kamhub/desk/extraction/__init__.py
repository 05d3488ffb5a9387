"""From the bytes of a document to its text, block by block, with the place of each. Owns no table.

What is read comes from strangers: it is read in a process of its own, with limits of memory, time and output.
"""
