"""The carrier adapter for EasyPost."""
