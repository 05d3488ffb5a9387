"""Articles that people write in the product, for agents to know.

Owns the tables articles and article_versions. Draft ↔ published; a published one can be found, by the version in
``indexed_version``. Every save is a version that can be brought back.
"""
