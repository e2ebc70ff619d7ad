"""What azd and the pipelines run beside the template: each module is one command, and safe to run again."""
