"""The payment adapter for Stripe."""
