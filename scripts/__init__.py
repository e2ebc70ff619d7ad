"""Commands for people who work on or try the app: run, demo, func, the checks. Nothing that is deployed imports this."""
