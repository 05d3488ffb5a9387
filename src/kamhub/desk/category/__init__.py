"""Categories of what an organisation knows: a tree of at most five levels.

Owns the table knowledge_categories. A category with anything in it or below it is not removed. An agent may be bound to
some categories; each stands for everything below it.
"""
