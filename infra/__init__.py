"""What is deployed to Azure, and what it costs: Bicep templates, the hooks of a deployment, queries and the cost model."""
