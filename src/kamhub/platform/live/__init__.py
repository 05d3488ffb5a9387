"""What has changed, told to whoever watches: by server-sent events, or over a WebSocket.

Owns no table. Changes travel between processes as notifications of PostgreSQL on one channel: triggers write them where
a change is rare, and where it is not (the seat engine's rounds) the process tells of them after the commit, several at a
time. Each process listens on one connection, and only while somebody watches.
"""
