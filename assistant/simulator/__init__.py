"""An offline server on the Messages wire protocol; every answer says so."""
