"""The payment adapter for invoices."""
