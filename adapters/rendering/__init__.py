"""Texts and documents from templates."""
