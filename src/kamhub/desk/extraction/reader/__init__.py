"""The program that reads one document, in a process of its own: ``python -m kamhub.desk.extraction.reader``.

It imports little, gives up what it will not need before it opens the file, and answers on its standard output. A module a format.
"""
