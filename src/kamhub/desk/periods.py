"""What the desk keeps, with the reason. With the tables of the platform and the hub: every table there is."""

from __future__ import annotations

from collections.abc import Mapping

_OWN = "the operator's own; goes when it is removed by hand"
_OF_SOURCE = "read from a document or an article; goes with it"

KEPT: Mapping[str, str] = {
    "agents": _OWN,
    "agent_categories": _OWN,
    "knowledge_categories": _OWN,
    "assets": _OWN,
    "articles": _OWN,
    "article_versions": _OWN,
    "chunks": _OF_SOURCE,
    "chunk_vectors": _OF_SOURCE,
    "chunk_words": _OF_SOURCE,
    "lexicons": _OF_SOURCE,
    "lexicon_words": _OF_SOURCE,
    "knowledge_gaps": "questions with phones and addresses masked; removed by a job of their own 180 days after they were last asked",
    "graph_entities": _OF_SOURCE,
    "graph_mentions": _OF_SOURCE,
    "graph_relations": _OF_SOURCE,
    "graph_evidence": _OF_SOURCE,
    "graph_merges": "what people decided about names; goes with the things it is about",
    "graph_readings": _OF_SOURCE,
    "graph_states": "when the graph was last brought up to the hub's names",
}
