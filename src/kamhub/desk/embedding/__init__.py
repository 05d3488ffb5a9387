"""Texts as vectors, behind one port. Owns no table: vectors are kept with the pieces they belong to."""
