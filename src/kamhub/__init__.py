"""Kamchatour Hub: a booking hub where a seat sold is a seat that exists."""

__version__ = "0.1.0"
