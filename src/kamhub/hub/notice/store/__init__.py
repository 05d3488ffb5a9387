"""SQL of messages to travellers, a file a subject: the only place of this feature that knows SQL."""
