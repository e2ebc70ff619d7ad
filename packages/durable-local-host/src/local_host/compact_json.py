"""JSON text without blanks, as .NET writes it."""

import json

to_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
