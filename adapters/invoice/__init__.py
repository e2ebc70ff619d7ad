"""The payment adapter that invoices customers, within a credit limit."""
