"""Stripe's face: PaymentIntents and refunds, with the statuses, refusals and wire shapes of the real API."""
