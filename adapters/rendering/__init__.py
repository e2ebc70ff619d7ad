"""Templates of mails, pages and reports."""
