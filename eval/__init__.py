"""How well questions are answered: the evaluation set, and the program that measures by it (``make eval``)."""
