"""Files and addresses of an operator, read and kept as knowledge.

Owns the table assets. Their files are kept by ``platform.file``: the file as it came (``digest``), and the text as it was read
from it (``text_digest``), so that a run that was killed does not read again.

States: pending → processing → completed or failed; completed or failed → pending by a retry or a re-reading, which begins a
new ``run``: a job of an older one changes nothing any more. Stages of processing: fetch (an address), read, cut, embed, link.
What was known of an asset can be found until its next run has cut it anew.
"""
