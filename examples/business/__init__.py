"""An example business: one small service that the sample connectors ask and change."""
