"""The deployment to Azure: Bicep templates, queries, and the hooks that azd and the pipelines run."""
