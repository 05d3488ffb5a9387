"""SQL of the graph: ``hub`` reads the network and fleet, ``writing`` keeps what was read, ``merges`` keeps which names are one,
``reading`` shows it."""
