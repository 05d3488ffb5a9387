"""The second proof at sign-in: codes by time (TOTP, RFC 6238) and, for a lost phone, recovery codes.

Owns the totp columns of people and the table recovery_codes. Off -> begun (a secret is shown) -> on (the first code was
right) -> off. A code counts once.
"""
