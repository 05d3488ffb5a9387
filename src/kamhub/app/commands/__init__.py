"""The commands of ``kamhub``, one a module, imported only when asked for."""
