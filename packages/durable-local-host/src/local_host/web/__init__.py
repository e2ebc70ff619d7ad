"""HTTP: the port, the routes of the app's functions, requests and responses as the Functions host shapes them."""
