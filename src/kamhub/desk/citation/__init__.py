"""Where an answer stands: the place of a chunk in its document or article, and the stretch of text around it.

Owns no table: places are those of chunks, texts those of assets and articles.
"""
