"""The words of what an organisation knows, with how rare each is and what it means.

Owns the tables lexicon_words and chunk_words. A word is kept by its stem, with the vector of the form it was first met in; both
languages are in one space, so that ``luggage`` is near ``багаж``. A process that searches keeps the words of the organisations it
was asked for lately.
"""
