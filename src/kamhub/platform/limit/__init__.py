"""How often somebody may call: sliding windows by preset, route and caller, shared in Redis or kept in memory."""
