"""The knowledge graph: what an organisation's documents and articles speak of, how it hangs together, and where that is written.

Owns the tables graph_entities, graph_mentions, graph_relations, graph_evidence, graph_merges, graph_readings and
graph_states. Facts of the hub (network and fleet) stay; everything else lives as long as a chunk speaks of it. Two names of
one thing: proposed → same or different, and back. Prices and free seats are never answered from here.
"""
