"""Finding the paragraph that answers a question, or saying that there is none.

Owns the table knowledge_gaps: what was asked in vain.
"""
