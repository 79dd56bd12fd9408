"""The languages: each module here says `LANGUAGES`, and is found by being here."""
