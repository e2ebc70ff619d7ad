"""Money, currencies and payments."""
