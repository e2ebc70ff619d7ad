"""The rules of the shop: pure values and decisions. Imports the standard library and pydantic only."""
