"""Running answers in Redis, so that every gateway can go on with them and stop them."""
