"""EasyPost's face: addresses, parcels, shipments and trackers, with the refusals and wire shapes of the real API."""
