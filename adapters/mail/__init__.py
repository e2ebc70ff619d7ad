"""The mail adapters: Azure Communication Services, and SMTP."""
