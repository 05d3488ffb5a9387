"""E-mail: one message, two ways out: an SMTP server, or in development a folder of ``.eml`` files."""
