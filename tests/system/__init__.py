"""The product as a whole, from outside: started, killed, replaced, restored."""
