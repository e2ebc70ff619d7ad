"""The `/sandbox` face: read the ledgers, order faults, play the customer, the bank and the carrier."""
