"""Puts the storeys together: the ASGI application, the command line, base templates, demo."""
