"""What jobs cost: with every promise kept, next to a bare ``SKIP LOCKED`` loop, and over the jobs of many days."""
