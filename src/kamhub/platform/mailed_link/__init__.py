"""Links that prove somebody reads their mail: to set a new password, to confirm an address.

Owns the table mailed_links. A link is open -> used, or over by its age. The row holds no secret: the link carries the row's
id and a signature, so that the job that mails it can write it anew and the queue carries ids only.
"""
