"""Languages: which one a reader gets, the gettext catalogues, dates and money the way each writes them.

Messages are in English in the code; ``locales/ru`` has the Russian of every one of them (``tools/i18n.sh``).
"""
