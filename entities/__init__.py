"""Durable entities: shells around the domain's pure transitions."""
