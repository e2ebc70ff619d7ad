"""Follow parcels."""
