"""The pieces that documents and articles are cut into, and what is kept of them.

Owns the tables chunks and chunk_vectors. A source is an asset or an article; its chunks are replaced as a whole, and those
that have not changed keep their ids and vectors.
"""
