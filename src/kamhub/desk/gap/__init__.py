"""Questions that were asked in vain: what an operator should write down next. Owns the table knowledge_gaps."""
