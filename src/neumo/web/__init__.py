"""The workbench in a browser and its REST API (FastAPI). Needs the extra `web`."""
