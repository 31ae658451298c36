"""Events sent to other systems, in the form of Standard Webhooks."""
