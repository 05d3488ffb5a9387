"""The whole product and its parts, started, killed and driven from outside."""
