"""Reading passages beside a question and saying how far each answers it, behind one port. Owns no table."""
