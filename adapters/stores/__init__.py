"""The stores, on Azure Storage."""
