"""Finding the paragraph that answers a question, or saying that there is none. Owns no table.

Three arms look for candidates: the words of the question and those that mean the same, a model that reads whole pieces, and a
model that has both languages in one space. What they say of each candidate is added up, and the signals of the best decide
whether it is an answer.
"""
