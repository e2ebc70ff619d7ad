"""Addresses, carriers, customs, shipments and tracking."""
