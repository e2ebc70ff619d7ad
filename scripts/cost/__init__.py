"""Estimate what the shop costs in Azure."""
