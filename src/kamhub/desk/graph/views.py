"""The graph as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.desk.graph.actions.look import Entity
from kamhub.desk.graph.types import Edge, Graph, Merge, Node, Witness


def node_json(node: Node) -> dict[str, object]:
    """Something that is spoken of."""
    return {
        "id": node.id,
        "type": node.type,
        "name": node.name,
        "name_en": node.name_en,
        "aliases": node.aliases,
        "mentions": node.mentions,
        "hub": node.hub,
        "confidence": node.confidence,
    }


def edge_json(edge: Edge) -> dict[str, object]:
    """A relation."""
    return {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "type": edge.type,
        "confidence": edge.confidence,
        "mentions": edge.mentions,
        "hub": edge.hub,
    }


def graph_json(graph: Graph) -> dict[str, object]:
    """A part of the graph."""
    nodes, edges = [node_json(node) for node in graph.nodes], [edge_json(edge) for edge in graph.edges]
    return {"centre": graph.centre, "nodes": nodes, "edges": edges}


def witness_json(witness: Witness) -> dict[str, object]:
    """Why something is thought."""
    return {
        "chunk_id": witness.chunk_id,
        "asset_id": witness.asset_id,
        "article_id": witness.article_id,
        "title": witness.title,
        "words": witness.words,
        "quote": witness.quote,
        "position": witness.position,
        "origin": witness.origin,
        "confidence": witness.confidence,
    }


def entity_json(entity: Entity) -> dict[str, object]:
    """An entity with everything that is known of it."""
    return {
        "entity": node_json(entity.node),
        "members": [{"id": member.id, "name": member.name} for member in entity.members],
        "mentions": [witness_json(witness) for witness in entity.mentions],
        "edges": [edge_json(edge) for edge in entity.edges],
        "neighbours": [node_json(node) for node in entity.neighbours],
    }


def merge_json(merge: Merge) -> dict[str, object]:
    """Two entities that may be one."""
    return {
        "id": merge.id,
        "state": merge.state,
        "reason": merge.reason,
        "confidence": merge.confidence,
        "first": node_json(merge.first),
        "second": node_json(merge.second),
    }
