"""Building blocks that know no business word: time, money, identifiers, phones, text."""
